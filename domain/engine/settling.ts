/** Exchanges between a campaign's state and its roster. Transitions change the given state. */
import { applyEnded } from './call-ends.ts';
import { idOf } from './starting-calls.ts';
import { forgetWindow, latestCountedDay, openGroups, placedToday, zoneDataOf } from './calling-day.ts';
import type { CampaignState, InFlightCall, PacingFacts, Settlement } from './campaign-state.ts';
import { troubleOf } from './circuit-breaker.ts';
import type { Waiting } from './gates.ts';
import { takeGroups } from './groups.ts';
import { takeClaimed } from './retries-to-end.ts';
import { applyLook, noteRosterChange, notHeld } from './roster-changes.ts';
import type { RetryPolicy } from './retry-policy.ts';
import type { Claim, ExchangeReply, ExchangeRequest, RosterSnapshot, RosterView, UnsettledCall } from './roster.ts';
import { isOver } from './commands.ts';
import { noteStop } from './stop-wait.ts';
import { afterMoves, waitingBucket, type Bucket, type Buckets } from './tally.ts';

/** The request of the next exchange. It does not change the state; only the reply does. */
export function exchangeRequest(
  state: CampaignState,
  campaignId: string,
  { want, wantDue, ahead }: Claim,
  waiting: Waiting,
  continuedFrom: string | null,
  now: number,
): ExchangeRequest {
  const counted = latestCountedDay(state);
  return {
    campaignId,
    now,
    exchangeNumber: state.exchangeNumber + 1,
    epoch: state.epoch,
    continuedFrom,
    settled: state.settled.map(({ seq, attempt, to, reason, outcome, at, retryAt, accountFault, isExcused }) => ({
      seq,
      attempt,
      to,
      reason,
      outcome,
      at,
      retryAt,
      ...(accountFault === undefined ? {} : { accountFault, isExcused: isExcused === true }),
    })),
    started: Object.values(state.inFlight)
      .filter((call) => !call.synced && !call.unconfirmed && call.phase !== 'placing')
      .map(({ seq, attempt }) => ({ seq, attempt })),
    returned: [...state.returned],
    released: [...state.released],
    endRetries:
      state.endRetriesAfter === null ? null : { after: state.endRetriesAfter, granted: grantedRetries(state) },
    want,
    ...(wantDue === undefined ? {} : { wantDue }),
    ...(ahead === undefined ? {} : { ahead }),
    open: openGroups(state, now).map(({ no }) => no),
    sync: {
      status: state.status,
      ending: state.ending,
      waitingFor: waiting.for,
      until: waiting.until,
      placed: placedToday(state),
      zoneData: zoneDataOf(state),
      trouble: troubleOf(state),
    },
    terms: state.pendingTerms,
    day: counted?.date ?? null,
    ...(counted === null ? {} : { placedOnDay: counted.placed }),
    lateEvents: state.heard.late,
    ...(state.rosterChanges > 0 ? { rosterChanges: state.rosterChanges } : {}),
  };
}

/** Applies the reply to `request`. Changes since the request stay for the next exchange. */
export function applyExchange(
  state: CampaignState,
  request: ExchangeRequest,
  reply: Extract<ExchangeReply, { kind: 'exchanged' }>,
  now: number,
): void {
  state.exchangeNumber = request.exchangeNumber;
  state.lastSync = request.sync;
  // An edit during the exchange has created a new object.
  if (state.pendingTerms === request.terms) state.pendingTerms = null;
  state.settled.splice(0, request.settled.length);
  state.returned.splice(0, request.returned.length);
  state.released.splice(0, request.released.length);
  // Terms that changed since the request start again with the first contact.
  if (request.endRetries && request.endRetries.after === state.endRetriesAfter && sameRetries(state, request)) {
    state.endRetriesAfter = reply.retriesEndedUpTo;
  }
  markSynced(state, request);
  applyLook(state, request.rosterChanges ?? 0, reply.takenOut ?? []);
  takeClaimed(
    state,
    notHeld(state, (contact) => idOf(request.campaignId, contact), reply.claimed),
  );
  takeRoster(state, reply, now);
  noteStop(state, reply.isStopped ?? false, request.now, now);
  for (const event of reply.events) applyEnded(state, event, now);
}

/** Replaces calls, roster and terms with the records. The rest of the state stays. */
export function adopt(
  state: CampaignState,
  campaignId: string,
  snapshot: RosterSnapshot,
  facts: PacingFacts,
  now: number,
): void {
  state.facts = facts;
  if (JSON.stringify(snapshot.spec.schedule) !== JSON.stringify(state.spec.schedule)) forgetWindow(state);
  if (snapshot.spec.scheduled_at !== state.spec.scheduled_at) moveStart(state, snapshot.spec.scheduled_at, now);
  state.spec = snapshot.spec;
  state.pendingTerms = null;
  state.exchangeNumber = snapshot.lastExchange;
  state.epoch = snapshot.epoch;
  state.superseded = false;
  state.sharedLimits = (snapshot.sharedLimits ?? []).map((id) => ({ id, share: null }));
  state.rosterChanges = 0;
  state.closed = false;
  state.ready = [];
  state.settled = [];
  state.returned = [];
  state.released = [];
  state.placedByDay = { ...snapshot.placedByDay };
  state.inFlight = {};
  if (snapshot.status === 'paused' || isOver(snapshot.status)) state.status = snapshot.status;
  // An expiry follows from the terms, and these may differ from the run's own: the next turn decides on it again.
  state.ending = state.ending === 'cancelled' ? state.ending : snapshot.ending;
  takeRoster(state, snapshot, now);
  for (const call of snapshot.unsettled) adoptCall(state, campaignId, call, facts, now);
}

/** Terms with another start were recorded: an edit changed it before the campaign had begun. */
function moveStart(state: CampaignState, scheduledAt: number | null, now: number): void {
  state.beginsAt = scheduledAt ?? Math.min(state.beginsAt, now);
  if (state.status === 'active' && now < state.beginsAt) state.status = 'scheduled';
}

/** Records that the waiting contacts were skipped. Null: another run owns the records, and none was skipped. */
export function applyClosed(state: CampaignState, buckets: Buckets | null, now: number): void {
  if (buckets === null) {
    state.superseded = true;
    return;
  }
  state.closed = true;
  state.ready = [];
  takeRoster(state, { buckets, groups: [] }, now);
}

/**
 * What became of the record of a campaign's end. `recorded`: no run owns the records any more. `superseded`: another run owns them.
 * `contacts_wait`: people were added at the last moment, and the campaign goes on.
 */
export type EndRecorded = 'recorded' | 'superseded' | 'contacts_wait';

export function applyEnd(state: CampaignState, status: 'completed' | 'cancelled', result: EndRecorded): void {
  switch (result) {
    case 'recorded':
      state.status = status;
      return;
    case 'superseded':
      state.superseded = true;
      return;
    case 'contacts_wait':
      noteRosterChange(state);
      return;
  }
}

/** The present buckets: those of the last exchange, plus the changes since. */
export function liveBuckets(state: CampaignState): Buckets {
  return afterMoves(state.roster.buckets, moves(state));
}

function* moves(state: CampaignState): Generator<{ from: Bucket; to: Bucket }> {
  for (const call of Object.values(state.inFlight)) {
    if (!call.synced && !call.takenOut) yield { from: waitingBucket(call.attempt), to: 'in_progress' };
  }
  for (const { attempt, synced, to } of state.settled) {
    yield { from: synced ? 'in_progress' : waitingBucket(attempt), to };
  }
  for (const { attempt } of state.returned) yield { from: 'in_progress', to: waitingBucket(attempt) };
}

function takeRoster(state: CampaignState, { buckets, groups }: RosterView, now: number): void {
  state.roster = { buckets, countedAt: now };
  takeGroups(state, groups);
}

function grantedRetries({ spec }: CampaignState): Pick<RetryPolicy, 'budget' | 'on'> {
  return { budget: spec.retry.budget, on: spec.retry.on };
}

function sameRetries(state: CampaignState, { endRetries }: ExchangeRequest): boolean {
  return JSON.stringify(endRetries?.granted) === JSON.stringify(grantedRetries(state));
}

/** Marks the contacts of the request as counted in progress, wherever they have moved since. */
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
      ...(call.group === undefined ? {} : { group: call.group }),
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
  const since = call.acceptedAt ?? call.sentAt;
  const adopted: InFlightCall = {
    seq: call.seq,
    attempt: call.attempt,
    ...(call.excused === undefined ? {} : { excused: call.excused }),
    ...(call.group === undefined ? {} : { group: call.group }),
    phase: accepted ? 'live' : 'unknown',
    placement: 0,
    unconfirmed: false,
    day: call.day,
    notAfter: call.sentAt,
    sentAt: call.sentAt,
    checkAt: accepted ? Math.max(now, since + Math.min(facts.usualCallMs, facts.callLifetimeMs)) : now,
    deadlineAt: Math.max(now, since + facts.callLifetimeMs) + facts.graceMs,
    checks: 0,
    mayRepeat: false,
    synced: true,
  };
  state.inFlight[id] = adopted;
  if (call.ended) applyEnded(state, call.ended, now);
}
