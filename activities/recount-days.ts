import { countPlaced } from '../db/day-counts.ts';
import type { NamedPlaces, Recount, ScheduleRefusal } from '../domain/engine/editing.ts';
import { CONTACT_ZONE, dayZoneOf } from '../domain/engine/schedule-fields.ts';
import { regionProblem } from '../domain/windows/holidays.ts';
import { recentDays } from '../domain/windows/windows.ts';
import { readZoneName } from '../domain/windows/zone-name.ts';
import type { ActivityDeps } from './context.ts';

export interface RecountRequest extends NamedPlaces {
  readonly campaignId: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Ids of the calls in flight. */
  readonly inFlight: readonly string[];
}

/**
 * Checks that the zones and the region that an edit names exist, and counts placements by the civil days of its zone.
 * The workflow has no such data, so it applies the edit only after this.
 */
export async function recountDays({ pool }: ActivityDeps, request: RecountRequest): Promise<Recount | ScheduleRefusal> {
  const { campaignId, now, inFlight } = request;
  const refusal =
    zoneRefusal('timezone', request.timezone) ??
    zoneRefusal('day_timezone', request.day_timezone) ??
    regionRefusal(request.holidays);
  return refusal ?? countPlaced(pool, campaignId, recentDays(dayZoneOf(request), now), inFlight);
}

function zoneRefusal(field: string, timezone: string | null): ScheduleRefusal | null {
  if (timezone === null || (field === 'timezone' && timezone === CONTACT_ZONE)) return null;
  const zone = readZoneName(timezone);
  if ('problem' in zone) return { refused: `${field} ${zone.problem}`, field };
  return zone.name === timezone ? null : { refused: `${field} must be written as "${zone.name}"`, field };
}

function regionRefusal(region: string | null): ScheduleRefusal | null {
  const problem = region === null ? null : regionProblem(region);
  return problem === null ? null : { refused: `holidays ${problem}`, field: 'holidays' };
}
