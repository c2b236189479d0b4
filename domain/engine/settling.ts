/** What a campaign's state and its roster tell each other. Transitions change the state they are given. */
import { applyEnded, idOf } from './calls.ts';
import { forgetWindow, placedToday, zoneDataOf } from './calling-day.ts';
import type { CampaignState, InFlightCall, PacingFacts, Settlement } from './campaign-state.ts';
import type { Waiting } from './gates.ts';
import { takeClaimed } from './retries-to-end.ts';
import type { RetryPolicy } from './retry-policy.ts';
import type { ExchangeReply, ExchangeRequest, RosterSnapshot, UnsettledCall } from './roster.ts';
import { isOver } from './commands.ts';
import { afterMoves, waitingBucket, type Bucket, type Buckets } from './tally.ts';

/** The next exchange of this campaign. It leaves the state as it is: only the answer changes it. */
export function exchangeRequest(
  state: CampaignState,
  campaignId: string,
  want: number,
  waiting: Waiting,
  continuedFrom: string | null,
  now: number,
): ExchangeRequest {
  return {
    campaignId,
    now,
    exchangeNumber: state.exchangeNumber + 1,
    epoch: state.epoch,
    continuedFrom,
    settled: state.settled.map(({ seq, attempt, to, reason, outcome, at, retryAt }) => ({
      seq,
      attempt,
      to,
      reason,
      outcome,
      at,
      retryAt,
    })),
    started: Object.values(state.inFlight)
      .filter((call) => !call.synced && !call.unconfirmed && call.phase !== 'placing')
      .map(({ seq, attempt }) => ({ seq, attempt })),
    returned: [...state.returned],
    released: [...state.released],
    endRetries:
      state.endRetriesAfter === null ? null : { after: state.endRetriesAfter, granted: grantedRetries(state) },
    want,
    sync: {
      status: state.status,
      ending: state.ending,
      waitingFor: waiting.for,
      until: waiting.until,
      placed: placedToday(state),
      zoneData: zoneDataOf(state),
    },
    terms: state.pendingTerms,
    day: state.window?.day ?? null,
    lateEvents: state.heard.late,
  };
}

/** Takes in the answer to `request`. What happened since it was sent stays for the next one. */
export function applyExchange(
  state: CampaignState,
  request: ExchangeRequest,
  reply: Extract<ExchangeReply, { kind: 'exchanged' }>,
  now: number,
): void {
  state.exchangeNumber = request.exchangeNumber;
  state.lastSync = request.sync;
  // An edit that was taken while the exchange was under way made a new object.
  if (state.pendingTerms === request.terms) state.pendingTerms = null;
  state.settled.splice(0, request.settled.length);
  state.returned.splice(0, request.returned.length);
  state.released.splice(0, request.released.length);
  // Terms that were changed since the request begin again with the first contact.
  if (request.endRetries && request.endRetries.after === state.endRetriesAfter && sameRetries(state, request)) {
    state.endRetriesAfter = reply.retriesEndedUpTo;
  }
  markSynced(state, request);
  takeClaimed(state, reply.claimed);
  // A retry has a promised time; a first call has none.
  state.ready.sort((a, b) => Number(b.attempt > 1) - Number(a.attempt > 1));
  takeRoster(state, reply, now);
  for (const event of reply.events) applyEnded(state, event, now);
}

/** Replaces all that concerns calls, roster and terms with what the records say. What else was told to the campaign stays. */
export function adopt(
  state: CampaignState,
  campaignId: string,
  snapshot: RosterSnapshot,
  facts: PacingFacts,
  now: number,
): void {
  state.facts = facts;
  if (JSON.stringify(snapshot.spec.schedule) !== JSON.stringify(state.spec.schedule)) forgetWindow(state);
  state.spec = snapshot.spec;
  state.pendingTerms = null;
  state.exchangeNumber = snapshot.lastExchange;
  state.epoch = snapshot.epoch;
  state.superseded = false;
  state.closed = false;
  state.ready = [];
  state.settled = [];
  state.returned = [];
  state.released = [];
  state.placedByDay = { ...snapshot.placedByDay };
  state.inFlight = {};
  if (snapshot.status === 'paused' || isOver(snapshot.status)) state.status = snapshot.status;
  state.ending ??= snapshot.ending;
  takeRoster(state, snapshot, now);
  for (const call of snapshot.unsettled) adoptCall(state, campaignId, call, facts, now);
}

/** The contacts that waited are skipped. Null: another run owns the records, and nothing was skipped. */
export function applyClosed(state: CampaignState, buckets: Buckets | null, now: number): void {
  if (buckets === null) {
    state.superseded = true;
    return;
  }
  state.closed = true;
  state.ready = [];
  takeRoster(state, { buckets, moreToClaim: false, nextRetryAt: null }, now);
}

/** The end is on record, after which no run owns the campaign's records. False: another run owned them, and it is not. */
export function applyEnd(state: CampaignState, status: 'completed' | 'cancelled', recorded: boolean): void {
  if (recorded) state.status = status;
  else state.superseded = true;
}

/** The buckets at this moment: those of the last exchange, moved by what happened since. */
export function liveBuckets(state: CampaignState): Buckets {
  return afterMoves(state.roster.buckets, moves(state));
}

function* moves(state: CampaignState): Generator<{ from: Bucket; to: Bucket }> {
  for (const call of Object.values(state.inFlight)) {
    if (!call.synced) yield { from: waitingBucket(call.attempt), to: 'in_progress' };
  }
  for (const { attempt, synced, to } of state.settled) {
    yield { from: synced ? 'in_progress' : waitingBucket(attempt), to };
  }
  for (const { attempt } of state.returned) yield { from: 'in_progress', to: waitingBucket(attempt) };
}

function takeRoster(
  state: CampaignState,
  view: { buckets: Buckets; moreToClaim: boolean; nextRetryAt: number | null },
  now: number,
): void {
  state.roster = {
    buckets: view.buckets,
    moreToClaim: view.moreToClaim,
    nextRetryAt: view.nextRetryAt,
    countedAt: now,
  };
}

function grantedRetries({ spec }: CampaignState): Pick<RetryPolicy, 'budget' | 'on'> {
  return { budget: spec.retry.budget, on: spec.retry.on };
}

function sameRetries(state: CampaignState, { endRetries }: ExchangeRequest): boolean {
  return JSON.stringify(endRetries?.granted) === JSON.stringify(grantedRetries(state));
}

/** The contacts that the request told of are in progress in the roster's counts, wherever they have gone since. */
function markSynced(state: CampaignState, request: ExchangeRequest): void {
  for (const contact of request.started) {
    const call = state.inFlight[idOf(request.campaignId, contact)];
    const settlement = state.settled.find((settled) => isSame(settled, contact));
    if (call) call.synced = true;
    else if (settlement) settlement.synced = true;
    else state.returned.push({ seq: contact.seq, attempt: contact.attempt });
  }
}

function isSame(settlement: Settlement, contact: { readonly seq: number; readonly attempt: number }): boolean {
  return settlement.seq === contact.seq && settlement.attempt === contact.attempt;
}

function adoptCall(
  state: CampaignState,
  campaignId: string,
  call: UnsettledCall,
  facts: PacingFacts,
  now: number,
): void {
  const id = idOf(campaignId, call);
  if (call.refusal !== null) {
    state.settled.push({
      seq: call.seq,
      attempt: call.attempt,
      to: 'failed',
      reason: call.refusal,
      outcome: null,
      at: now,
      retryAt: null,
      synced: true,
      since: now,
      eventId: null,
    });
    return;
  }
  const accepted = call.acceptedAt !== null;
  const expectedEnd = (call.acceptedAt ?? call.sentAt) + facts.callLifetimeMs;
  const adopted: InFlightCall = {
    seq: call.seq,
    attempt: call.attempt,
    phase: accepted ? 'live' : 'unknown',
    placement: 0,
    unconfirmed: false,
    day: call.day,
    notAfter: call.sentAt,
    sentAt: call.sentAt,
    checkAt: accepted ? Math.max(now, expectedEnd) : now,
    deadlineAt: Math.max(now, expectedEnd) + facts.graceMs,
    checks: 0,
    mayRepeat: false,
    synced: true,
  };
  state.inFlight[id] = adopted;
  if (call.ended) applyEnded(state, call.ended, now);
}
