import { countPlaced } from '../db/day-counts.ts';
import type { Recount } from '../domain/editing.ts';
import { civilDay } from '../domain/windows.ts';
import type { ActivityDeps } from './context.ts';

export interface RecountRequest {
  readonly campaignId: string;
  readonly timezone: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Ids of the calls in flight. */
  readonly inFlight: readonly string[];
}

/** Calls may count for today or, until they have ended, for the day before; no civil day is longer than this. */
const LONGEST_DAY_MS = 26 * 3_600_000;

/** Counts placements by the civil days of a time zone that the campaign has just moved to. */
export async function recountDays({ pool }: ActivityDeps, request: RecountRequest): Promise<Recount> {
  const { campaignId, timezone, now, inFlight } = request;
  let startsAt = civilDay(timezone, now - 2 * LONGEST_DAY_MS).endsAt;
  const days = [];
  while (startsAt <= now) {
    const { date, endsAt } = civilDay(timezone, startsAt);
    days.push({ date, startsAt, endsAt });
    startsAt = endsAt;
  }
  return countPlaced(pool, campaignId, days, inFlight);
}
