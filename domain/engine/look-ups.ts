/** Look-ups of calls: which calls are asked about, and what the answers change. */
import { endCall, giveUp } from './call-ends.ts';
import { followLive, pauseAfter } from './call-phases.ts';
import { backToReady, refuse } from './calls-not-placed.ts';
import type { CampaignState, InFlightCall } from './campaign-state.ts';
import { recordFailure } from './circuit-breaker.ts';
import { beforeQueueCloses, cancelsIfQueued, isQueuedTooLong, nextLiveCheck } from './look-up-times.ts';
import { type LookUpFinding, NO_CONNECTION } from './placement.ts';

/**
 * While Ringfence's own records cannot be read, a call is looked up again after the first time, and kept for the second time past its
 * deadline. The records may contain its end, and no call could use its slot without them.
 */
const UNASKED_PAUSE_MS = 15_000;
const UNASKED_FOR_MS = 15 * 60_000;

/** A call to look up. */
export interface CallToLookUp extends Pick<InFlightCall, 'seq' | 'attempt' | 'placement'> {
  readonly callId: string;
  /** Its outcome is unknown, or its deadline has passed. Part of the budget of look-ups is kept for such calls. */
  readonly urgent?: true;
  /** Cancel it if it still waits in the provider's queue. Part of the budget is kept for such calls as well. */
  readonly cancelQueued?: true;
}

/** Marks calls as being looked up, so that no other look-up asks about them before the answer. */
export function startLookingUp(state: CampaignState, callIds: readonly string[], now: number): CallToLookUp[] {
  return callIds.flatMap((callId) => {
    const call = state.inFlight[callId];
    if (!call) return [];
    call.checkAt = null;
    const { seq, attempt, placement } = call;
    const cancelQueued = cancelsIfQueued(state.facts, call, now);
    const urgent = call.phase === 'unknown' || now >= call.deadlineAt;
    return [
      {
        callId,
        seq,
        attempt,
        placement,
        ...(urgent ? { urgent } : {}),
        ...(cancelQueued ? { cancelQueued } : {}),
      },
    ];
  });
}

/** Applies the result of a look-up. Gives the call up as lost at its deadline if nothing was found. */
export function applyFinding(state: CampaignState, id: string, finding: LookUpFinding, now: number): void {
  const call = state.inFlight[id];
  // The answer of a placement under way is newer than this look-up.
  if (!call || call.phase === 'placing') return;
  // Every look-up that was possible has read or written the dial record.
  if (finding.kind !== 'unasked') call.unconfirmed = false;
  switch (finding.kind) {
    case 'ended':
      endCall(state, id, call, finding.event, now);
      return;
    case 'not_placed':
      if (finding.reason === null) backToReady(state, id, call);
      else refuse(state, id, call, finding.reason, now);
      return;
    case 'live': {
      const isNews = call.phase === 'unknown';
      // A call that is first reported as live may have started just now. Its deadline counts from here, whatever the provider says.
      if (isNews) followLive(state, call, now);
      noteQueue(state, call, finding.queued, now);
      if (!isNews) stayLive(state, id, call, now);
      return;
    }
    case 'unknown':
      // A campaign whose slots are all taken dials nobody, and learns it here. The pause needs no spread: no provider is asked.
      if (finding.noConnection) recordFailure(state, `blocked:${NO_CONNECTION}`, now, 0.5, null);
      if (now >= call.deadlineAt) giveUp(state, id, call, now);
      else waitForNextCheck(state, call, finding.mayRepeat, now);
      return;
    case 'deferred':
      waitUntilAsked(state, id, call, finding.retryAfterMs, now);
      return;
    case 'unasked':
      waitUntilAsked(state, id, call, UNASKED_PAUSE_MS, now);
      return;
  }
}

/**
 * Notes whether the call waits in the provider's queue. While it does it has not begun, so its deadline counts from here, and
 * from when it is first reported as dialled. After `queuedUntil` nobody waits for it any more.
 */
function noteQueue({ facts }: CampaignState, call: InFlightCall, queued: boolean, now: number): void {
  if (!facts || call.dialled) return;
  if (queued) call.queuedUntil ??= call.deadlineAt + facts.queueBoundMs;
  else call.dialled = true;
  if (call.queuedUntil === undefined) return;
  const longestMs = facts.callLifetimeMs - facts.queueBoundMs + facts.graceMs;
  call.deadlineAt = Math.max(call.deadlineAt, Math.min(now, call.queuedUntil) + longestMs);
}

/** Applies that the provider has the call, in its queue or on the line. */
function stayLive(state: CampaignState, id: string, call: InFlightCall, now: number): void {
  if (now >= call.deadlineAt || isQueuedTooLong(call, now)) {
    giveUp(state, id, call, now);
    return;
  }
  call.checks += 1;
  call.checkAt = nextLiveCheck(state, call, now);
}

/** When a call is given up although no look-up was possible. */
function giveUpAskingAt({ facts }: CampaignState, { sentAt }: InFlightCall): number {
  return sentAt + (facts?.callLifetimeMs ?? 0) + (facts?.graceMs ?? 0) + UNASKED_FOR_MS;
}

/** The time without a possible look-up does not count against the call, up to a limit. */
function waitUntilAsked(state: CampaignState, id: string, call: InFlightCall, pauseMs: number, now: number): void {
  if (now >= Math.max(call.deadlineAt, giveUpAskingAt(state, call))) {
    giveUp(state, id, call, now);
    return;
  }
  call.checkAt = beforeQueueCloses(state.facts, call, now + pauseMs, now);
  call.deadlineAt = Math.max(call.deadlineAt, call.checkAt);
}

/**
 * A request that may be repeated is repeated immediately if the gates permit. Otherwise each pause is longer than the last. A
 * call whose acceptance is known and that may well be live is asked about again as if it was.
 */
function waitForNextCheck(state: CampaignState, call: InFlightCall, mayRepeat: boolean, now: number): void {
  const isNew = mayRepeat && !call.mayRepeat;
  call.mayRepeat = mayRepeat;
  if (!isNew) call.checks += 1;
  if (call.phase === 'live' && now < call.deadlineAt - (state.facts?.graceMs ?? 0)) {
    call.checkAt = nextLiveCheck(state, call, now);
    return;
  }
  const pause = isNew ? 0 : pauseAfter(call.checks);
  call.checkAt = Math.min(now + pause, call.deadlineAt);
}
