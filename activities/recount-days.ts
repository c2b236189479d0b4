import { countPlaced } from '../db/day-counts.ts';
import type { Recount, ZoneRefusal } from '../domain/engine/editing.ts';
import { recentDays } from '../domain/windows/windows.ts';
import { readZoneName } from '../domain/windows/zone-name.ts';
import type { ActivityDeps } from './context.ts';

export interface RecountRequest {
  readonly campaignId: string;
  readonly timezone: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Ids of the calls in flight. */
  readonly inFlight: readonly string[];
}

/**
 * Counts placements by the civil days of the time zone that an edit names, if there is such a zone. The workflow has no
 * zone data, so it applies the edit only after this.
 */
export async function recountDays({ pool }: ActivityDeps, request: RecountRequest): Promise<Recount | ZoneRefusal> {
  const { campaignId, timezone, now, inFlight } = request;
  const zone = readZoneName(timezone);
  if ('problem' in zone) return { refused: `timezone ${zone.problem}` };
  if (zone.name !== timezone) return { refused: `timezone must be written as "${zone.name}"` };
  return countPlaced(pool, campaignId, recentDays(timezone, now), inFlight);
}
