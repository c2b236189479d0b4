import { countPlaced } from '../db/day-counts.ts';
import type { Recount } from '../domain/editing.ts';
import { recentDays } from '../domain/windows.ts';
import type { ActivityDeps } from './context.ts';

export interface RecountRequest {
  readonly campaignId: string;
  readonly timezone: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Ids of the calls in flight. */
  readonly inFlight: readonly string[];
}

/** Counts placements by the civil days of a time zone that the campaign has just moved to. */
export async function recountDays({ pool }: ActivityDeps, request: RecountRequest): Promise<Recount> {
  const { campaignId, timezone, now, inFlight } = request;
  return countPlaced(pool, campaignId, recentDays(timezone, now), inFlight);
}
