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

/** A limit, and the policy that sets it. Without one the account does. */
export type LimitOfNumber = NumberLimit & { readonly policy?: string };

/** A number that must not be called before `until`, and the limit because of which, in words. */
export interface NumberHold {
  readonly until: number;
  readonly limit: string;
}

/**
 * The earliest instant at which one more call keeps every limit, and the limit that allows it last. A call counts for exactly
 * its hours. Null: one more call is allowed now.
 *
 * @param placedAt when the calls to the number were placed, in any order
 */
export function numberHold(
  limits: readonly LimitOfNumber[],
  placedAt: readonly number[],
  now: number,
): NumberHold | null {
  const newestFirst = [...placedAt].sort((a, b) => b - a);
  let hold: NumberHold | null = null;
  for (const limit of limits) {
    const leaves = newestFirst[limit.max - 1];
    if (leaves === undefined) continue;
    const until = leaves + limit.hours * HOUR_MS;
    if (until > (hold?.until ?? now)) hold = { until, limit: limitText(limit) };
  }
  return hold;
}

/** When a conversation with the number ended. `now`: one may be going on. Null: there was none. */
export type LastConversation = number | 'now' | null;

/** A conversation that may be going on is asked about again after this time. Most calls have ended by then. */
const ASK_AGAIN_MS = 60_000;

/** Whether a number must not be called after a conversation. Null: it may. */
export function conversationHold(
  pauses: readonly { readonly hours: number; readonly policy: string }[],
  last: LastConversation,
  now: number,
): NumberHold | null {
  const [longest] = pauses.toSorted((a, b) => b.hours - a.hours);
  if (!longest || last === null) return null;
  const until = last === 'now' ? now + ASK_AGAIN_MS : last + longest.hours * HOUR_MS;
  if (until <= now) return null;
  return { until, limit: `none for ${counted(longest.hours, 'hour')} after a conversation (${longest.policy})` };
}

/** The one that ends last. */
export function laterHold(one: NumberHold | null, other: NumberHold | null): NumberHold | null {
  if (one === null || other === null) return one ?? other;
  return other.until > one.until ? other : one;
}

/** The limit in words, such as "10 in 24 hours". */
export function limitText({ max, hours, policy }: LimitOfNumber): string {
  return `${max} in ${counted(hours, 'hour')}${policy === undefined ? '' : ` (${policy})`}`;
}
