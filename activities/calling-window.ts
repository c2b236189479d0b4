import { readGroupRules } from '../db/groups.ts';
import type { WindowAnswer, WindowQuestion } from '../domain/engine/calling-day.ts';
import type { RecordedWindow } from '../domain/engine/campaign-state.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { CONTACT_ZONE, dayZoneOf } from '../domain/engine/schedule-fields.ts';
import { groupWindowAt, type GroupRule, OWN_HOURS } from '../domain/windows/group-hours.ts';
import { policiesNamed } from '../domain/windows/policies/built-in.ts';
import type { Schedule } from '../domain/windows/schedule.ts';
import { civilDay } from '../domain/windows/windows.ts';
import type { ActivityDeps } from './context.ts';

export interface CallingWindowRequest extends WindowQuestion {
  readonly campaignId: string;
  readonly schedule: Schedule;
  /** Names of the campaign's calling policies. Default: none. */
  readonly policies?: readonly string[];
  readonly connection: string;
}

/**
 * Returns for each group the window that is open at `from` or opens next, the day of the daily cap at the earliest opening, and the
 * facts that pacing depends on. The history keeps the answer, so that new data of time zones or holidays cannot change earlier
 * decisions.
 *
 * @throws RingfenceError `validation_error` for a zone, a region or a policy that this worker's data does not have, if no group has
 *   an answer
 */
export async function callingWindow(
  { pool, factsOf }: ActivityDeps,
  { campaignId, schedule, policies = [], connection, groups, opensAt }: CallingWindowRequest,
): Promise<WindowAnswer> {
  const haveOwnHours = schedule.timezone === CONTACT_ZONE || policies.length > 0;
  const rules =
    haveOwnHours && groups.length > 0 ? await readGroupRules(pool, campaignId) : new Map<number, GroupRule>();
  const failures: RingfenceError[] = [];
  const answers = groups.map(({ group, from }) => {
    try {
      return { group, window: windowOf(schedule, rules.get(group), from) };
    } catch (error) {
      if (!(error instanceof RingfenceError)) throw error;
      failures.push(error);
      return { group, window: null, failed: true as const };
    }
  });
  const [failure] = failures;
  if (failure && failures.length === groups.length) throw failure;
  const openings = answers.flatMap(({ window }) => (window ? [window.opensAt] : []));
  const earliest = Math.min(opensAt ?? Infinity, ...openings);
  const day = earliest < Infinity ? civilDay(dayZoneOf(schedule), earliest) : null;
  return { groups: answers, day, facts: factsOf(connection) };
}

function windowOf(schedule: Schedule, rule: GroupRule | undefined, from: number): RecordedWindow | null {
  if (!rule && schedule.timezone === CONTACT_ZONE) {
    throw new RingfenceError('validation_error', 'The group has no recorded time zones.', { field: 'timezone' });
  }
  const { zones, policies } = rule ?? OWN_HOURS;
  return groupWindowAt(schedule, { zones }, policiesNamed(policies), from);
}
