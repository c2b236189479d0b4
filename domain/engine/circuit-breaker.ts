/**
 * A circuit breaker with slow start: how a whole campaign answers trouble at the provider that concerns it alone, such as an agent that
 * is refused, placements of unknown outcome or account trouble. For trouble of the whole connection there is one breaker for all of its
 * campaigns, see `domain/dialling/connection-breaker.ts`; the campaign waits for it, see `connection-wait.ts`. Both have three states.
 * - closed: `breaker` and `slowStart` are null. Free slots are filled as fast as placements are answered.
 * - open: `breaker.openUntil` lies ahead. Nothing is placed. A placement opens it when it is blocked or ends unknown. Failures that arrive while it is open belong to the same trouble and count once.
 * - half-open: `breaker.openUntil` has passed. Only `slowStart` placements run at a time: one at first, twice as many after
 *   each success. Once that reaches the concurrency limit, the breaker closes. A failure opens it again, for longer.
 *
 * A success is a placement that the provider accepted or refused for good. During account trouble (`account-trouble.ts`) no answer
 * counts as a success.
 *
 * A window opens with a slow start too, so that a provider that is down costs a handful of tries and not every slot.
 */
import type { Breaker, CampaignState, ProviderTrouble } from './campaign-state.ts';

/** One lost reply among many good ones is no outage: the first pause is short, and only failures in a row lengthen it. */
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 60_000;
/** People resolve trouble with an account, which takes minutes: the provider is probed slowly. */
const BLOCKED_PAUSE_MS = 60_000;
const MAX_BLOCKED_PAUSE_MS = 300_000;
/** The longest Retry-After that is obeyed: one of a year, or a wrong one, must end. */
export const MAX_RETRY_AFTER_MS = 3_600_000;
/** Longer than the first pause after any failure that passes by itself. */
const NOTEWORTHY_PAUSE_MS = 2_000;
/** Placements at a time with which a window opens. */
export const OPENING_RAMP = 8;

export function isBreakerOpen({ breaker }: CampaignState, now: number): boolean {
  return breaker !== null && now < breaker.openUntil;
}

/** A window opens: the first placements feel out whether the provider is there. */
export function startSlowly(state: CampaignState): void {
  state.slowStart ??= OPENING_RAMP;
}

/**
 * The provider's own delay as it is obeyed: exactly, up to an hour. Null: there is none, or it is shorter than the first pause and
 * ignored. A date that has passed by our clock would make us retry as fast as the provider refuses.
 */
export function obeyedPause(retryAfterMs: number | null): number | null {
  if (retryAfterMs === null || retryAfterMs < FIRST_PAUSE_MS) return null;
  return Math.min(retryAfterMs, MAX_RETRY_AFTER_MS);
}

/**
 * Opens the breaker, or keeps it open for longer. `retryAfterMs` is the provider's own delay. `random` in [0, 1) spreads the pauses
 * of many campaigns.
 */
export function recordFailure(
  state: CampaignState,
  reason: string,
  now: number,
  random: number,
  retryAfterMs: number | null,
): void {
  const isOpen = isBreakerOpen(state, now);
  const failures = (state.breaker?.failures ?? 0) + (isOpen ? 0 : 1);
  const pauseMs = obeyedPause(retryAfterMs) ?? (isOpen ? 0 : backoff(reason, failures, random));
  open(state, { reason, openUntil: now + pauseMs, failures }, isOpen ? 0 : 1, now);
}

/** Opens the breaker for the nth fault of the account in a row. Such faults arrive with events: their pauses need no spread. */
export function trip(state: CampaignState, reason: string, nth: number, now: number): void {
  open(state, { reason, openUntil: now + backoff(reason, nth, 0.5), failures: nth }, 1, now);
}

function open(
  state: CampaignState,
  { reason, openUntil, failures }: Pick<Breaker, 'reason' | 'openUntil' | 'failures'>,
  again: 0 | 1,
  now: number,
): void {
  const { breaker } = state;
  state.breaker = {
    reason,
    openUntil: Math.max(breaker?.openUntil ?? 0, openUntil),
    failures,
    since: breaker?.since ?? now,
    times: (breaker?.times ?? 0) + again,
  };
  state.slowStart = 1;
}

/**
 * The trouble that people are told of, until the breaker closes. Null: there is none, or only a single short pause. One lost reply
 * among many good ones needs nobody's attention.
 */
export function troubleOf({ breaker, connectionWait }: CampaignState): ProviderTrouble | null {
  const shared = connectionWait?.trouble;
  if (connectionWait && shared && isNoteworthy(shared, connectionWait.until)) return { ...shared, ofConnection: true };
  if (breaker === null) return null;
  const { reason, since, times, openUntil } = breaker;
  return isNoteworthy(breaker, openUntil) ? { reason, since, times } : null;
}

/** Whether people are told of trouble that holds calls until then. */
export function isNoteworthy({ since, times }: Pick<ProviderTrouble, 'since' | 'times'>, until: number): boolean {
  return times > 1 || until - since >= NOTEWORTHY_PAUSE_MS;
}

/** Keeps an open or half-open breaker open for at least this time. */
export function keepOpen({ breaker }: CampaignState, pauseMs: number, now: number): void {
  if (breaker) breaker.openUntil = Math.max(breaker.openUntil, now + pauseMs);
}

/**
 * Doubles the slow start, and closes the breaker once the slow start no longer limits anything. A success that arrives while
 * the breaker is open belongs to a placement from before the trouble and says nothing about now.
 */
export function recordSuccess(state: CampaignState, now: number): void {
  if (state.accountTrouble !== null || state.slowStart === null || isBreakerOpen(state, now)) return;
  const next = state.slowStart * 2;
  if (next >= state.spec.max_concurrent_calls) {
    state.slowStart = null;
    state.breaker = null;
    return;
  }
  state.slowStart = next;
  // The next pause starts short again.
  if (state.breaker) state.breaker.failures = 0;
}

/** Lets one call through now: a person who resumes a campaign wants to know whether the trouble is over. */
export function probeAtOnce({ breaker }: CampaignState, now: number): void {
  if (breaker) breaker.openUntil = Math.min(breaker.openUntil, now);
}

/** How long the nth failure in a row holds calls, if the provider asks for nothing. */
export function backoff(reason: string, failures: number, random: number): number {
  const [first, most] = reason.startsWith('blocked')
    ? [BLOCKED_PAUSE_MS, MAX_BLOCKED_PAUSE_MS]
    : [FIRST_PAUSE_MS, MAX_PAUSE_MS];
  const base = Math.min(first * 2 ** (failures - 1), most);
  return Math.round(base * (0.75 + random / 2));
}
