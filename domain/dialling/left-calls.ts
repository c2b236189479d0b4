/**
 * When calls of a campaign without a workflow are looked up, and until when they may be in flight. While the campaign has a workflow,
 * the workflow decides this. All are milliseconds.
 */
import type { PacingFacts } from '../engine/campaign-state.ts';
import type { LookUpFinding } from '../engine/placement.ts';

/** The coordinator looks for such calls about as often. The pause after a look-up doubles each time. */
const FIRST_PAUSE_MS = 15_000;
/** A slot whose call ended right after a look-up stands still for so long at the most. */
const MAX_PAUSE_MS = 5 * 60_000;
/** A look-up that was not possible says nothing. It is tried again soon. */
const UNASKED_PAUSE_MS = 15_000;

/** The facts about its connection on which a call's deadline depends. */
export type DeadlineFacts = Pick<PacingFacts, 'callLifetimeMs' | 'queueBoundMs' | 'graceMs'>;

/** A call as recorded. */
export interface LeftCall {
  readonly firstSentAt: number;
  readonly deadlineAt: number;
  /** Whether the provider is known to have it. */
  readonly accepted: boolean;
  readonly lookUps: number;
}

/** What a look-up changes in the record. */
export interface LookedUp {
  readonly deadlineAt: number;
  readonly lookUpAt: number;
  readonly lookUps: number;
}

/** The deadline of a call whose request leaves now. */
export function deadlineOf({ callLifetimeMs, graceMs }: DeadlineFacts, now: number): number {
  return now + callLifetimeMs + graceMs;
}

/** The record after a look-up that did not find the call's end. */
export function afterLookUp(call: LeftCall, finding: LookUpFinding, facts: DeadlineFacts, now: number): LookedUp {
  const { lookUps, deadlineAt } = call;
  if (finding.kind === 'deferred' || finding.kind === 'unasked') {
    const pauseMs = finding.kind === 'deferred' ? finding.retryAfterMs : UNASKED_PAUSE_MS;
    return { deadlineAt, lookUpAt: now + pauseMs, lookUps };
  }
  const extended = Math.max(deadlineAt, liveUntil(call, finding, facts, now));
  // By then it may still be in the provider's queue, and is cancelled there.
  const queueEndsAt = call.firstSentAt + facts.queueBoundMs;
  const latest = queueEndsAt > now ? Math.min(extended, queueEndsAt) : extended;
  return { deadlineAt: extended, lookUpAt: Math.min(now + pauseAfter(lookUps), latest), lookUps: lookUps + 1 };
}

/** The pause after a look-up that came after so many others. */
function pauseAfter(lookUps: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** lookUps, MAX_PAUSE_MS);
}

/** When a call is asked about again that was not to be in the provider's queue any more, and has not ended. */
export function nextQueueCheck(
  { lookUps }: Pick<LeftCall, 'lookUps'>,
  answer:
    | { readonly kind: 'live'; readonly queued?: boolean | undefined }
    | { readonly kind: 'unknown' | 'failed' }
    | { readonly kind: 'deferred'; readonly retryAfterMs: number },
  now: number,
): Pick<LookedUp, 'lookUpAt' | 'lookUps'> {
  if (answer.kind === 'deferred') return { lookUpAt: now + answer.retryAfterMs, lookUps };
  if (answer.kind === 'live' && answer.queued !== true)
    return { lookUpAt: now + pauseAfter(lookUps), lookUps: lookUps + 1 };
  return { lookUpAt: now + UNASKED_PAUSE_MS, lookUps };
}

/**
 * A call that waits in the provider's queue has not begun, so its deadline counts from now, up to the time that the queue may take.
 * The deadline of a call that is first found counts from now as well.
 */
function liveUntil(call: LeftCall, finding: LookUpFinding, facts: DeadlineFacts, now: number): number {
  if (finding.kind !== 'live') return 0;
  const { queueBoundMs, callLifetimeMs, graceMs } = facts;
  if (finding.queued) {
    const queuedUntil = deadlineOf(facts, call.firstSentAt) + queueBoundMs;
    return Math.min(now, queuedUntil) + callLifetimeMs - queueBoundMs + graceMs;
  }
  return call.accepted ? 0 : deadlineOf(facts, now);
}
