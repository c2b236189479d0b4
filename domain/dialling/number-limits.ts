/** Limits of calls to one number over all campaigns of an account, in rolling hours. */
import { z } from 'zod';
import { counted } from '../engine/counted.ts';

const HOUR_MS = 3_600_000;
const MOST_CALLS = 1_000;
/** A year that has a leap day. */
const MOST_HOURS = 8_784;
const MOST_LIMITS = 10;

/** At most `max` calls within any `hours`. */
export const NumberLimit = z.strictObject({
  max: z.int().min(1).max(MOST_CALLS),
  hours: z.int().min(1).max(MOST_HOURS),
});
export type NumberLimit = z.infer<typeof NumberLimit>;

/** All of them hold. */
export const NumberLimits = z.array(NumberLimit).max(MOST_LIMITS);

/** For accounts that have set none. A person who does not answer ten times a day will not answer the eleventh time. */
export const DEFAULT_NUMBER_LIMITS: readonly NumberLimit[] = [{ max: 10, hours: 24 }];

/** A number that must not be called before `until`, and the limit because of which. */
export interface NumberHold {
  readonly until: number;
  readonly limit: NumberLimit;
}

/**
 * The earliest instant at which one more call keeps every limit, and the limit that allows it last. A call counts for exactly
 * its hours. Null: one more call is allowed now.
 *
 * @param placedAt when the calls to the number were placed, in any order
 */
export function numberHold(
  limits: readonly NumberLimit[],
  placedAt: readonly number[],
  now: number,
): NumberHold | null {
  const newestFirst = [...placedAt].sort((a, b) => b - a);
  let hold: NumberHold | null = null;
  for (const limit of limits) {
    const leaves = newestFirst[limit.max - 1];
    if (leaves === undefined) continue;
    const until = leaves + limit.hours * HOUR_MS;
    if (until > (hold?.until ?? now)) hold = { until, limit };
  }
  return hold;
}

/** The limit in words, such as "10 in 24 hours". */
export function limitText({ max, hours }: NumberLimit): string {
  return `${max} in ${counted(hours, 'hour')}`;
}
