/** The hours of a group of contacts: those of the campaign, in every zone in which the contacts may be, narrowed by policies. */
import type { RecordedWindow } from '../engine/campaign-state.ts';
import { CONTACT_ZONE, dayZoneOf } from '../engine/schedule-fields.ts';
import { commonWindows, type LimitedSchedule } from './common-windows.ts';
import { HOLIDAY_DATA_VERSION } from './holidays.ts';
import { narrowed } from './policies/narrow.ts';
import type { Policy } from './policies/policy.ts';
import type { Schedule } from './schedule.ts';
import { civilDay, HORIZON_MS, windowAt } from './windows.ts';
import { ZONE_DATA_VERSION } from './zone-data.ts';

/** What decides the hours of a group. */
export interface GroupRule {
  /** All of them must be open. Empty: the time zone of the campaign. */
  readonly zones: readonly string[];
  /** Names of the campaign's policies that narrow the hours of the group. */
  readonly policies: readonly string[];
}

/** The group of a campaign whose contacts all have its own hours. */
export const OWN_HOURS: GroupRule = { zones: [], policies: [] };

/**
 * The schedules that must all be open for a call to the group.
 *
 * @param policies those that narrow its hours
 */
export function groupSchedules(
  schedule: Schedule,
  { zones }: Pick<GroupRule, 'zones'>,
  policies: readonly Policy[],
): LimitedSchedule[] {
  const people = zones.length > 0 ? zones : [schedule.timezone];
  const own = schedule.timezone === CONTACT_ZONE ? people : [schedule.timezone];
  return [
    ...own.flatMap((timezone) => narrowed({ ...schedule, timezone }, [], null)),
    ...people.flatMap((timezone) => narrowed({ ...schedule, timezone }, policies, null).slice(1)),
  ];
}

/** The window that is open at `from`, or else the next one. Null: nothing opens within the search horizon. */
export function groupWindowAt(
  schedule: Schedule,
  group: Pick<GroupRule, 'zones'>,
  policies: readonly Policy[],
  from: number,
): RecordedWindow | null {
  if (group.zones.length === 0 && policies.length === 0) return windowAt(schedule, from)?.window ?? null;
  const schedules = groupSchedules(schedule, group, policies);
  const found = commonWindows(schedules, from).next().value;
  if (!found) return null;
  const { opensAt } = found;
  const { endsAt } = civilDay(dayZoneOf(schedule), opensAt);
  const usesHolidays = schedules.some(({ schedule: { holidays } }) => holidays !== null);
  return {
    opensAt,
    closesAt: found.closesAt ?? opensAt + HORIZON_MS,
    nextDayOpensAt: commonWindows(schedules, endsAt).next().value?.opensAt ?? null,
    zoneData: ZONE_DATA_VERSION,
    holidayData: usesHolidays ? HOLIDAY_DATA_VERSION : null,
    ...(group.zones.length > 0 ? { zones: namedZones(group.zones) } : {}),
  };
}

/** Long lists are cut: the text stands in the workflow's state, and in messages. */
const MOST_NAMED = 3;

/** Zones in a sentence. */
export function namedZones(zones: readonly string[]): string {
  const named = zones.slice(0, MOST_NAMED).join(', ');
  return zones.length > MOST_NAMED ? `${named} and ${zones.length - MOST_NAMED} more` : named;
}
