/**
 * How a campaign as a whole answers trouble at the provider. There are three conditions:
 * - healthy: `hold` and `ramp` are null; free slots are filled as fast as placements are answered.
 * - holding: `hold.until` lies ahead; nothing is placed. Entered when a placement is throttled, cannot reach the
 *   provider, is blocked or ends unknown. Answers that arrive while holding belong to the same trouble and count once.
 * - feeling its way: `hold.until` has passed; `ramp` placements at a time, one at first and doubled by each good
 *   answer, until the ramp reaches the concurrency limit and the campaign is healthy again. A bad answer means holding
 *   again, longer than before.
 */
import type { CampaignState } from './campaign-state.ts';

/** A single lost reply among many good ones is no outage: the first hold is short, and only failures in a row lengthen it. */
const FIRST_HOLD_MS = 500;
const MAX_HOLD_MS = 60_000;
/** Trouble of the account is mended by people: it is felt for slowly. */
const BLOCKED_HOLD_MS = 60_000;
const MAX_BLOCKED_HOLD_MS = 300_000;
/** However long the provider asks us to wait, it is felt for after this time: a word of a year, or a wrong one, ends. */
const MAX_RETRY_AFTER_MS = 3_600_000;
/** Placements at a time with which a window opens, so that a provider that is down costs a handful of tries and not every slot. */
export const OPENING_RAMP = 8;

/**
 * Enters or prolongs a hold. `retryAfterMs` is the provider's own word, and is taken exactly up to an hour. Less than the first
 * hold is no word: a date that has passed by our clock would have us ask as fast as the provider refuses.
 */
export function holdAfter(
  state: CampaignState,
  reason: string,
  now: number,
  random: number,
  retryAfterMs: number | null,
): void {
  const holding = state.hold !== null && now < state.hold.until;
  const failures = (state.hold?.failures ?? 0) + (holding ? 0 : 1);
  const told = retryAfterMs !== null && retryAfterMs >= FIRST_HOLD_MS ? retryAfterMs : null;
  const wait = told === null ? backoff(reason, failures, random) : Math.min(told, MAX_RETRY_AFTER_MS);
  const until = holding && told === null ? state.hold!.until : Math.max(state.hold?.until ?? 0, now + wait);
  state.hold = { reason, until, failures };
  state.ramp = 1;
}

/** Whoever resumes a campaign wants to know now whether the trouble is over: one call finds out. */
export function probeAtOnce({ hold }: CampaignState, now: number): void {
  if (hold) hold.until = Math.min(hold.until, now);
}

/**
 * A good answer: the ramp doubles, the next hold starts short again, and the trouble is over once the ramp would not
 * narrow anything. An answer that arrives while holding belongs to a placement from before the trouble and says nothing
 * about now.
 */
export function recovered(state: CampaignState, now: number): void {
  if (state.ramp === null || (state.hold !== null && now < state.hold.until)) return;
  const ramp = state.ramp * 2;
  if (ramp >= state.spec.max_concurrent_calls) {
    state.ramp = null;
    state.hold = null;
  } else {
    state.ramp = ramp;
    if (state.hold) state.hold.failures = 0;
  }
}

function backoff(reason: string, failures: number, random: number): number {
  const [first, most] = reason.startsWith('blocked')
    ? [BLOCKED_HOLD_MS, MAX_BLOCKED_HOLD_MS]
    : [FIRST_HOLD_MS, MAX_HOLD_MS];
  const base = Math.min(first * 2 ** (failures - 1), most);
  return Math.round(base * (0.75 + random / 2));
}
