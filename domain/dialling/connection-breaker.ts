/**
 * The circuit breaker of a connection, with slow start: how all campaigns on it answer trouble of the account or of the provider as a
 * whole. One campaign finds the trouble out, and all of them wait. It has three states.
 * - closed: `trouble` is null. Nothing limits dials. Campaigns whose placements ended unknown are remembered until the provider answers
 *   any placement. A few of them in a row are trouble of the connection: one alone may be its own.
 * - open: `trouble.openUntil` lies ahead. Nothing is dialled. A dial is told when to come again.
 * - half-open: `trouble.openUntil` has passed. `trouble.atOnce` dials run at a time over the connection: one at first, the probe, and
 *   twice as many after as many successes. Each of them has a *turn*, which ends with its answer. A dial whose worker dies never
 *   answers: its turn ends with the time of its try, and another dial gets it.
 *
 * The slow start ends, and the breaker closes, when it limits nobody any more. A failure during it opens the breaker again.
 *
 * Openings are numbered, and each dial notes the number that it was permitted under. The answer of a dial that was permitted before
 * the latest opening belongs to the same trouble, so it neither counts as another failure nor closes the breaker.
 *
 * Trouble that concerns one campaign alone is not recorded here, such as an agent or a number to call from that is refused. For that,
 * and for calls that the account prevents after their acceptance, each campaign has a breaker (`domain/engine/circuit-breaker.ts`).
 */
import { backoff, isNoteworthy, MAX_RETRY_AFTER_MS, obeyedPause } from '../engine/circuit-breaker.ts';
import type { ProviderTrouble } from '../engine/campaign-state.ts';
import { DIAL } from '../engine/dial-budget.ts';
import { parseCallId } from '../engine/ids.ts';
import type { PlacementResult } from '../engine/placement.ts';
import type { Verdict } from './connection-verdict.ts';

/** A slow start of more than this limits nobody: a worker dials fifty calls at a time. */
const MOST_AT_ONCE = 64;
/** A slow start ends before that once it is at more than this and no dial had to wait for a turn. */
const SURE_AT = 8;
/** After a success and this time without a failure, the trouble is over although too few calls were placed to end the slow start. */
const OVER_AFTER_MS = 60_000;
/** A dial that finds all turns taken comes again after this time, and up to as much again: most answers take less. */
const TURN_TAKEN_MS = 2_000;
/** Dials come back within a tenth of the pause after its end, so that campaigns do not ask together. */
const SPREAD = 0.1;
const LEAST_SPREAD_MS = 250;
const MOST_SPREAD_MS = 5_000;

/**
 * So many campaigns in a row with placements of unknown outcome open the breaker. The trouble of fewer may concern
 * each of them alone, and their probes cost the provider no more.
 */
const DOUBTFUL_CAMPAIGNS = 3;

/** A dial that may be talking to the provider. */
export interface Turn {
  readonly callId: string;
  /** It is over by then, whatever becomes of its worker. Epoch milliseconds, as all times here. */
  readonly until: number;
}

export interface ConnectionTrouble {
  /** `throttled`, or `unavailable` or `blocked` with a detail after a colon. */
  readonly reason: string;
  readonly since: number;
  /** How often the breaker has opened since. */
  readonly times: number;
  /** Failures in a row. */
  readonly failures: number;
  readonly openUntil: number;
  readonly atOnce: number;
  readonly turns: readonly Turn[];
  /** Successes at this number of dials at a time. */
  readonly successes: number;
  /** Whether a dial had to wait for a turn at this number. */
  readonly isCrowded: boolean;
  /** Null: no success since the latest opening. */
  readonly succeededAt: number | null;
}

export interface ConnectionBreaker {
  /** The number of the latest opening. */
  readonly opening: number;
  readonly trouble: ConnectionTrouble | null;
  /** Ids of campaigns whose placements ended unknown since the provider's last answer. Left out: none, or the breaker is not closed. */
  readonly doubtful?: readonly string[];
}

export const CLOSED: ConnectionBreaker = { opening: 0, trouble: null };

/** A dial that passed the breaker. */
export interface Passage {
  readonly opening: number;
  /** Whether it has a turn. The breaker is told its answer, whatever that is. */
  readonly hasTurn: boolean;
  /** Whether placements before it ended unknown. The breaker is told that the provider answers. */
  readonly isDoubted: boolean;
}

/** How a dial passes without a turn. */
export function passageOf({ opening, doubtful = [] }: ConnectionBreaker): Passage {
  return { opening, hasTurn: false, isDoubted: doubtful.length > 0 };
}

/** Whether the breaker is told an answer. Usually it is not, which costs nothing. */
export function concernsBreaker({ hasTurn, isDoubted }: Passage, { kind }: Verdict): boolean {
  return hasTurn || kind === 'fails' || kind === 'doubt' || (kind === 'works' && isDoubted);
}

/**
 * What the breaker says to a dial.
 * - `passes`: it may send.
 * - `held`: it must not. It comes again after `afterMs`.
 * `breaker` is the state from then on.
 */
export type Admission =
  | { readonly kind: 'passes'; readonly passage: Passage; readonly breaker: ConnectionBreaker }
  | {
      readonly kind: 'held';
      readonly afterMs: number;
      readonly trouble: ConnectionTrouble;
      readonly breaker: ConnectionBreaker;
    };

/**
 * @param probeNow a person asks whether the trouble is over: this dial may be the probe before the pause ends
 * @param random in [0, 1) spreads the times at which dials come again
 */
export function admit(
  breaker: ConnectionBreaker,
  { callId, probeNow = false }: { readonly callId: string; readonly probeNow?: boolean },
  now: number,
  random: number,
): Admission {
  const { opening, trouble } = breaker;
  if (trouble === null) return { kind: 'passes', passage: passageOf(breaker), breaker };
  const others = activeTurns(trouble, now).filter((turn) => turn.callId !== callId);
  const isOpen = isOpenAt(trouble, now);
  if (isOpen && !(probeNow && others.length === 0)) {
    return { kind: 'held', afterMs: untilNext(trouble, now, random), trouble, breaker };
  }
  if (others.length >= trouble.atOnce) {
    const crowded = { opening, trouble: { ...trouble, isCrowded: true } };
    return { kind: 'held', afterMs: Math.ceil(TURN_TAKEN_MS * (1 + random)), trouble, breaker: crowded };
  }
  const turns = [...others, { callId, until: now + DIAL.tryMs }];
  // A person's wish ends the pause.
  const openUntil = isOpen ? now : trouble.openUntil;
  return {
    kind: 'passes',
    passage: { opening, hasTurn: true, isDoubted: false },
    breaker: { opening, trouble: { ...trouble, turns, openUntil } },
  };
}

/** How long a dial that finds the breaker open, or opens it, waits: the rest of the pause, and a little more by chance. */
export function untilNext({ openUntil }: Pick<ConnectionTrouble, 'openUntil'>, now: number, random: number): number {
  const restMs = Math.max(0, openUntil - now);
  const spreadMs = Math.min(Math.max(restMs * SPREAD, LEAST_SPREAD_MS), MOST_SPREAD_MS);
  return Math.ceil(restMs + spreadMs * random);
}

/** The breaker after the answer to a dial. The same object: nothing has changed. */
export function afterAnswer(
  breaker: ConnectionBreaker,
  { callId, opening, verdict }: { readonly callId: string; readonly opening: number; readonly verdict: Verdict },
  now: number,
  random: number,
): ConnectionBreaker {
  const { trouble } = breaker;
  if (opening < breaker.opening) return afterEarlierAnswer(breaker, verdict, now);
  if (verdict.kind === 'fails') return opened(breaker, verdict, now, random);
  if (trouble === null) return whileClosed(breaker, { callId, verdict }, now, random);
  if (verdict.kind === 'doubt') return opened(breaker, { ...verdict, retryAfterMs: null }, now, random);
  const turns = activeTurns(trouble, now).filter((turn) => turn.callId !== callId);
  const without = { ...trouble, turns };
  // The provider has asked another dial for a pause since this one was permitted.
  if (verdict.kind === 'nothing' || isOpenAt(trouble, now)) return { ...breaker, trouble: without };
  return { ...breaker, trouble: isOver(without, now) ? null : afterSuccess(without, now) };
}

/** What a dial that has met trouble of the whole connection tells its campaign, with the breaker as it stands after the answer. */
export function heldBy(
  breaker: ConnectionBreaker | null,
  now: number,
  random: number,
): Extract<PlacementResult, { kind: 'held' | 'later' }> {
  const trouble = breaker?.trouble ?? null;
  // The trouble has passed: another dial was accepted meanwhile.
  if (trouble === null) return { kind: 'later', afterMs: untilNext({ openUntil: now }, now, random) };
  const { reason, since, times } = trouble;
  return { kind: 'held', afterMs: untilNext(trouble, now, random), trouble: { reason, since, times } };
}

/** The answer to a dial while the breaker is closed, which is no failure. */
function whileClosed(
  breaker: ConnectionBreaker,
  { callId, verdict }: { readonly callId: string; readonly verdict: Exclude<Verdict, { kind: 'fails' }> },
  now: number,
  random: number,
): ConnectionBreaker {
  const { opening, doubtful = [] } = breaker;
  if (verdict.kind === 'works' && doubtful.length > 0) return { opening, trouble: null };
  if (verdict.kind !== 'doubt') return breaker;
  const campaign = parseCallId(callId)?.campaignId ?? callId;
  if (doubtful.includes(campaign)) return breaker;
  const campaigns = [...doubtful, campaign];
  if (campaigns.length < DOUBTFUL_CAMPAIGNS) return { opening, trouble: null, doubtful: campaigns };
  return opened(breaker, { ...verdict, retryAfterMs: null }, now, random);
}

/** The dial was permitted before the latest opening. Only the provider's own delay still counts. */
function afterEarlierAnswer(breaker: ConnectionBreaker, verdict: Verdict, now: number): ConnectionBreaker {
  const { trouble } = breaker;
  const pauseMs = verdict.kind === 'fails' ? obeyedPause(verdict.retryAfterMs) : null;
  if (trouble === null || pauseMs === null || now + pauseMs <= trouble.openUntil) return breaker;
  return { ...breaker, trouble: { ...trouble, openUntil: now + pauseMs } };
}

function opened(
  { opening, trouble }: ConnectionBreaker,
  { reason, retryAfterMs }: { readonly reason: string; readonly retryAfterMs: number | null },
  now: number,
  random: number,
): ConnectionBreaker {
  const failures = (trouble?.failures ?? 0) + 1;
  const pauseMs = obeyedPause(retryAfterMs) ?? backoff(reason, failures, random);
  return {
    opening: opening + 1,
    trouble: {
      reason,
      since: trouble?.since ?? now,
      times: (trouble?.times ?? 0) + 1,
      failures,
      openUntil: Math.max(trouble && isOpenAt(trouble, now) ? trouble.openUntil : 0, now + pauseMs),
      atOnce: 1,
      turns: [],
      successes: 0,
      isCrowded: false,
      succeededAt: null,
    },
  };
}

/** Null: the breaker closes. */
function afterSuccess(trouble: ConnectionTrouble, now: number): ConnectionTrouble | null {
  const { atOnce, successes, isCrowded } = trouble;
  // The next pause starts short again.
  const succeeded = { ...trouble, failures: 0, succeededAt: now };
  if (successes + 1 < atOnce) return { ...succeeded, successes: successes + 1 };
  const next = atOnce * 2;
  if (next > MOST_AT_ONCE || (next > SURE_AT && !isCrowded)) return null;
  return { ...succeeded, atOnce: next, successes: 0, isCrowded: false };
}

/** Whether a half-open breaker counts as closed: calls were placed, and then none that failed. */
export function isOver(trouble: ConnectionTrouble, now: number): boolean {
  const { succeededAt } = trouble;
  if (succeededAt === null || isOpenAt(trouble, now) || activeTurns(trouble, now).length > 0) return false;
  return now >= succeededAt + OVER_AFTER_MS;
}

/** The trouble as people are told of it. Null: there is none, or only a single short pause. */
export function troubleTold({ trouble }: ConnectionBreaker): ProviderTrouble | null {
  if (trouble === null || !isNoteworthy(trouble, trouble.openUntil)) return null;
  const { reason, since, times } = trouble;
  return { reason, since, times };
}

/** A time further ahead than any pause was written before the clock was set back, and holds nobody. */
export function isOpenAt({ openUntil }: ConnectionTrouble, now: number): boolean {
  return now < openUntil && openUntil <= now + MAX_RETRY_AFTER_MS;
}

function activeTurns({ turns }: ConnectionTrouble, now: number): Turn[] {
  return turns.filter(({ until }) => now < until && until <= now + DIAL.tryMs);
}
