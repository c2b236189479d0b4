/** The calls that an account may place in one civil day, over all its campaigns. */

/** What is known of the limit when a call is about to be dialled. */
export interface DailyLimit {
  readonly limit: number;
  /** The zone of the days. */
  readonly timezone: string;
  /** Calls placed by day. */
  readonly placed: Readonly<Record<string, number>>;
}

/** A civil day. */
export interface AccountDay {
  /** YYYY-MM-DD. */
  readonly date: string;
  /** The first instant of the next day. Epoch milliseconds. */
  readonly endsAt: number;
}

/** Where a call counts already. */
export interface CountedCall {
  /** Whether its request may have left before. Such a call counts on the day of its first try, and on no other. */
  readonly mayBeSent: boolean;
  /** Null: on no day. */
  readonly countedOn: string | null;
}

/**
 * Until when the limit holds the call. Null: it may be dialled.
 *
 * At the end of a day nothing is dialled for so long as a request and the provider's queue may take (`marginMs`): the provider might
 * place the call on the next day. A call that was counted on an earlier day is not repeated on this one.
 */
export function heldUntilNextDay(
  { limit, placed }: DailyLimit,
  { date, endsAt }: AccountDay,
  { mayBeSent, countedOn }: CountedCall,
  marginMs: number,
  now: number,
): number | null {
  if (now >= endsAt - marginMs) return endsAt;
  const isHeld = mayBeSent ? countedOn !== date : (placed[date] ?? 0) >= limit;
  return isHeld ? endsAt : null;
}

/** How many more calls may be dialled now. */
export function unitsLeft(
  { limit, placed }: DailyLimit,
  { date, endsAt }: AccountDay,
  marginMs: number,
  now: number,
): number {
  return now >= endsAt - marginMs ? 0 : Math.max(0, limit - (placed[date] ?? 0));
}
