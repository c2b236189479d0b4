/**
 * What a campaign does next, by examples: every step, every gate that keeps it from calling, and what it starts when it works.
 * Each example begins at noon with an active campaign of ten slots, in the middle of its hours.
 */
import { describe, expect, test } from 'vitest';
import { createRun, type CampaignRun, type PendingChange } from '../../../domain/engine/campaign-run.ts';
import { nextStep, type Step, type Work } from '../../../domain/engine/next-step.ts';
import type { CampaignState, ReadyContact, Settlement, WaitingFor } from '../../../domain/engine/campaign-state.ts';
import {
  at,
  CAMPAIGN_ID,
  callIdOf,
  callInFlight,
  campaignState,
  HOUR,
  MINUTE,
  NOON,
  recordedDay,
  recordedWindow,
  SECOND,
  type StatedCampaign,
  TODAY,
} from '../../support/factories/campaign-state.ts';

/** How the run stands; it has the records, and nothing is under way, unless stated. */
type StatedRun = Partial<CampaignRun>;

function step(stated: StatedCampaign, run: StatedRun = {}, now = NOON): Step {
  const state = campaignState(stated);
  return nextStep(state, { ...campaignRun(state), ...run }, now);
}

function campaignRun(state: CampaignState): CampaignRun {
  return createRun({ campaignId: CAMPAIGN_ID, state, handlersFinished: () => true, hasRecords: true });
}

function work(stated: StatedCampaign, run: StatedRun = {}, now = NOON): Work {
  const next = step(stated, run, now);
  expect(next.kind).toBe('work');
  return next as Work & Step;
}

/** So many contacts at hand that are to be called for the first time. */
function contacts(count: number): ReadyContact[] {
  return Array.from({ length: count }, (_, index) => ({ seq: index + 101, attempt: 1 }));
}

/** So many live calls that the database knows of. */
function liveCalls(count: number) {
  return Array.from({ length: count }, (_, index) => callInFlight({ seq: index + 1 }));
}

function settlements(count: number, stated: Partial<Settlement> = {}): Settlement[] {
  return Array.from({ length: count }, (_, index) => ({
    seq: index + 1,
    attempt: 1,
    to: 'completed' as const,
    reason: 'completed',
    outcome: 'completed' as const,
    at: NOON,
    retryAt: null,
    synced: true,
    since: NOON,
    eventId: `end-${index}`,
    ...stated,
  }));
}

const PLACING = callInFlight({ phase: 'placing' });
const UNCONFIRMED = callInFlight({ phase: 'unknown', unconfirmed: true });
const EDIT: PendingChange = {
  kind: 'edit',
  edit: { change: { max_concurrent_calls: 5 }, terms: {} },
  id: null,
  done: () => {},
};
/** Everybody has been called. */
const NOBODY_LEFT: StatedCampaign = { ready: [] };
const PEOPLE_LEFT: StatedCampaign = { ready: contacts(3) };
const DRAIN = { until: NOON + 10 * SECOND, quietSince: null };

describe('the next step', () => {
  test.each<[string, StatedCampaign, StatedRun, Partial<Step>]>([
    ['is to end where the campaign is over', { status: 'completed' }, {}, { kind: 'end' }],
    ['is to adopt the records where the run has just begun', PEOPLE_LEFT, { hasRecords: false }, { kind: 'adopt' }],
    ['is to adopt them where another run has owned them', { ...PEOPLE_LEFT, superseded: true }, {}, { kind: 'adopt' }],
    [
      'is to wait with that for a placement under way',
      { calls: [PLACING], superseded: true },
      {},
      { kind: 'work', place: [], exchange: null },
    ],
    [
      'is to wait with that for an exchange under way',
      { superseded: true },
      { exchanging: true },
      { kind: 'work', exchange: null },
    ],
    ['is to edit where a change of the terms has come', PEOPLE_LEFT, { changes: [EDIT] }, { kind: 'edit' }],
    [
      'is to edit while calls are live: only those on their way out are in the way',
      { calls: liveCalls(3) },
      { changes: [EDIT] },
      { kind: 'edit' },
    ],
    [
      'is to take back placements under way before an edit, and to place no more',
      { ...PEOPLE_LEFT, calls: [PLACING] },
      { changes: [EDIT] },
      { kind: 'work', cancelPlacements: true, place: [] },
    ],
    [
      'is to look up a placement without an answer before an edit: it might still send',
      { calls: [UNCONFIRMED] },
      { changes: [EDIT] },
      { kind: 'work', lookUp: [callIdOf(1)] },
    ],
    [
      'is to ask for the window where none is known',
      { ...PEOPLE_LEFT, group: { window: null, windowAnsweredAt: null } },
      {},
      { kind: 'ask_window', question: { groups: [{ group: 0, from: NOON }], opensAt: null } },
    ],
    [
      'is to ask for the next window where this one is over',
      { ...PEOPLE_LEFT, group: { window: recordedWindow({ closesAt: at('12:00:05') }) } },
      {},
      { kind: 'ask_window', question: { groups: [{ group: 0, from: at('12:00:05') }], opensAt: null } },
    ],
    [
      'is to ask for the next window where a placement came too late for this one',
      { ...PEOPLE_LEFT, group: { windowSpent: true } },
      {},
      { kind: 'ask_window', question: { groups: [{ group: 0, from: at('17:00') }], opensAt: null } },
    ],
    [
      'is to close once the campaign is cancelled and every call is on record, live ones too',
      { ...PEOPLE_LEFT, ending: 'cancelled', calls: liveCalls(2) },
      {},
      { kind: 'close', reason: 'cancelled' },
    ],
    [
      'is to close once the campaign has expired',
      { ...PEOPLE_LEFT, ending: 'expired' },
      {},
      { kind: 'close', reason: 'expired' },
    ],
    [
      'is to write down a call before the campaign is closed',
      { ...PEOPLE_LEFT, ending: 'cancelled', calls: [callInFlight({ synced: false })] },
      {},
      { kind: 'work', exchange: { want: 0 } },
    ],
    [
      'is to follow the live calls of a campaign that is closed',
      { ending: 'cancelled', closed: true, calls: liveCalls(1) },
      {},
      { kind: 'work', place: [], exchange: null },
    ],
    [
      'is to finish a cancelled campaign once the last call has ended',
      { ending: 'cancelled', closed: true },
      {},
      { kind: 'finish', status: 'cancelled' },
    ],
    [
      'is to finish an expired campaign as completed',
      { ending: 'expired', closed: true },
      {},
      { kind: 'finish', status: 'completed' },
    ],
    ['is to finish where everybody has been called', NOBODY_LEFT, {}, { kind: 'finish', status: 'completed' }],
    ['is to wait for the last call', { ...NOBODY_LEFT, calls: liveCalls(1) }, {}, { kind: 'work', place: [] }],
    [
      'is to write down the last outcome before the end',
      { ...NOBODY_LEFT, settled: settlements(1) },
      {},
      { kind: 'work', exchange: { want: 0 } },
    ],
    [
      'is to wait for a retry',
      { ...NOBODY_LEFT, group: { nextDueAt: at('12:30') } },
      {},
      { kind: 'work', place: [], wakeAt: at('12:30') },
    ],
    ['is not to finish a paused campaign', { ...NOBODY_LEFT, status: 'paused' }, {}, { kind: 'work', place: [] }],
    [
      'is to continue as new where the history is long and nothing is under way',
      PEOPLE_LEFT,
      { drain: DRAIN },
      { kind: 'continue_as_new' },
    ],
    [
      'is to carry terms along that are not on record yet, where no handler waits for them',
      { ...PEOPLE_LEFT, pendingTerms: { max_concurrent_calls: 5 } },
      { drain: DRAIN },
      { kind: 'continue_as_new' },
    ],
    [
      'is to place nothing in a drain while a placement is under way',
      { ...PEOPLE_LEFT, calls: [PLACING] },
      { drain: DRAIN },
      { kind: 'work', place: [] },
    ],
    [
      'is to wait in a drain for a handler that has not answered',
      PEOPLE_LEFT,
      { drain: DRAIN, handlersFinished: () => false },
      { kind: 'work', place: [] },
    ],
    [
      'is to write down in a drain what a handler waits for',
      { ...PEOPLE_LEFT, pendingTerms: { max_concurrent_calls: 5 } },
      { drain: DRAIN, handlersFinished: () => false },
      { kind: 'work', place: [], exchange: { want: 0 } },
    ],
    [
      'is to introduce a run that continues another before it places',
      PEOPLE_LEFT,
      { continuedFrom: 'the run before' },
      { kind: 'work', place: [], exchange: { want: 0 } },
    ],
    [
      'is to introduce such a run in a drain too, because it cannot end before',
      PEOPLE_LEFT,
      { continuedFrom: 'the run before', drain: DRAIN },
      { kind: 'work', place: [], exchange: { want: 0 } },
    ],
    ['is to place the contacts at hand', PEOPLE_LEFT, {}, { kind: 'work', place: contacts(3) }],
  ])('%s', (_, stated, run, expected) => {
    expect(step(stated, run)).toMatchObject(expected);
  });
});

describe('a gate that is shut', () => {
  interface Shut {
    readonly waits: WaitingFor | null;
    readonly until?: number;
  }

  test.each<[string, StatedCampaign, Shut]>([
    [
      'the start: nothing before it',
      { status: 'scheduled', beginsAt: at('15:00') },
      { waits: 'start', until: at('15:00') },
    ],
    ['a pause: nothing until it is resumed, and there is nothing to wait for', { status: 'paused' }, { waits: null }],
    [
      'the end: nothing more, also while live calls are still to be written down',
      { ending: 'cancelled', calls: [callInFlight({ synced: false })] },
      { waits: null },
    ],
    [
      'the window: nothing before it opens',
      { group: { window: recordedWindow({ opensAt: at('13:00') }) } },
      { waits: 'window', until: at('13:00') },
    ],
    [
      'no window: nothing until one is found, and nobody can say when',
      { group: { window: null, windowAnsweredAt: NOON, askWindowAgainAt: at('18:00') } },
      { waits: 'window' },
    ],
    [
      'the daily cap: nothing before the next day opens',
      { spec: { max_calls_per_day: 5 }, placedByDay: { [TODAY]: 5 } },
      { waits: 'daily_cap', until: at('09:00', '2026-03-19') },
    ],
    [
      'the breaker: nothing while it is open',
      { breaker: { reason: 'throttled', openUntil: at('12:01'), failures: 1, since: NOON, times: 1 }, slowStart: 1 },
      { waits: 'provider', until: at('12:01') },
    ],
    [
      'the connection: nothing before the turn that it was told',
      { connectionWait: { until: at('12:00:20'), dialled: 0 }, calls: liveCalls(10) },
      { waits: 'connection', until: at('12:00:20') },
    ],
    ['the slots: nothing while all are taken', { calls: liveCalls(10) }, { waits: 'slot' }],
    [
      'the slots: nothing while more are taken than the limit allows since it was lowered',
      { spec: { max_concurrent_calls: 5 }, calls: liveCalls(7) },
      { waits: 'slot' },
    ],
    ['no slots: nothing where the limit is 0', { spec: { max_concurrent_calls: 0 } }, { waits: 'slot' }],
    [
      'our own system: nothing while it is slow',
      { systemWait: { until: NOON + SECOND, waits: 1 } },
      { waits: 'system', until: NOON + SECOND },
    ],
    [
      'two of them: the window is named, which opens after the breaker closes',
      {
        group: { window: recordedWindow({ opensAt: at('13:00') }) },
        breaker: { reason: 'throttled', openUntil: at('12:01'), failures: 1, since: NOON, times: 1 },
      },
      { waits: 'window', until: at('13:00') },
    ],
  ])('%s', (_, stated, { waits, until = null }) => {
    const next = step({ ready: contacts(20), ...stated });
    expect(next.kind === 'work' ? next.place : []).toEqual([]);
    expect(next.waiting).toEqual({ for: waits, until });
    // It wakes by then; for other reasons it may wake before.
    if (until !== null) expect(next.kind === 'work' ? next.wakeAt : null).toBeLessThanOrEqual(until);
  });

  test('the retry: nothing is left but people who are called again later', () => {
    expect(step({ group: { nextDueAt: at('12:30') } }).waiting).toEqual({ for: 'retry', until: at('12:30') });
  });

  test('the number: nothing is left but people whose numbers have had their calls', () => {
    const group = { nextDueAt: at('12:30'), nextDueFor: 'number' as const };
    expect(step({ group }).waiting).toEqual({ for: 'number', until: at('12:30') });
  });
});

describe('the calls that are placed', () => {
  test.each<[string, StatedCampaign, number]>([
    ['fill every slot', {}, 10],
    ['fill the slots that are free', { calls: liveCalls(4) }, 6],
    ['leave the slots of calls whose placement has no answer', { calls: [UNCONFIRMED] }, 9],
    [
      'leave the slots of calls of which nobody knows',
      { calls: [callInFlight({ phase: 'unknown', checkAt: null })] },
      9,
    ],
    ['are no more than the daily cap leaves', { spec: { max_calls_per_day: 7 }, placedByDay: { [TODAY]: 5 } }, 2],
    ['are as many as the slow start allows', { slowStart: 4 }, 4],
    ['count those under way against the slow start', { slowStart: 4, calls: [PLACING] }, 3],
    ['are one, when the breaker has been open: it tries the provider', { slowStart: 1 }, 1],
    ['are at most forty at a time, however many slots there are', { spec: { max_concurrent_calls: 500 } }, 40],
  ])('%s', (_, stated, count) => {
    expect(work({ ready: contacts(60), ...stated }).place).toEqual(contacts(60).slice(0, count));
  });
});

describe('an unknown call that may be repeated under its key', () => {
  const REPEATABLE = callInFlight({ phase: 'unknown', mayRepeat: true });

  test.each<[string, StatedCampaign, number, boolean]>([
    ['is asked for once more', {}, NOON, true],
    ['not beyond the limit', { spec: { max_concurrent_calls: 0 } }, NOON, false],
    ['not while the campaign is paused', { status: 'paused' }, NOON, false],
    [
      'not while the breaker is open',
      { breaker: { reason: 'throttled', openUntil: at('13:00'), failures: 1, since: NOON, times: 1 } },
      NOON,
      false,
    ],
    ['not when the provider may have forgotten the key: it is looked up', {}, at('12:10'), false],
  ])('%s', (_, stated, now, expected) => {
    const { repeat } = work({ calls: [{ ...REPEATABLE }], ...stated }, {}, now);
    expect(repeat).toEqual(expected ? [callIdOf(1)] : []);
  });
});

describe('a look-up', () => {
  const DUE = { checkAt: NOON };
  const OPEN = {
    breaker: { reason: 'throttled', openUntil: at('13:00'), failures: 1, since: NOON, times: 1 },
    slowStart: 1,
  };

  test.each<[string, StatedCampaign, StatedRun, string[]]>([
    ['asks about an unknown call', { calls: [callInFlight({ phase: 'unknown' })] }, {}, [callIdOf(1)]],
    [
      'asks about a live call of which nothing was heard for its time',
      { calls: [callInFlight(DUE)] },
      {},
      [callIdOf(1)],
    ],
    ['does not ask before that', { calls: [callInFlight()] }, {}, []],
    ['waits for the one under way', { calls: [callInFlight(DUE)] }, { lookingUp: true }, []],
    ['spares a provider in trouble', { calls: [callInFlight(DUE)], ...OPEN }, {}, []],
    [
      'does ask about a placement without an answer then: our records know',
      { calls: [UNCONFIRMED], ...OPEN },
      {},
      [callIdOf(1)],
    ],
    [
      'does ask about a call whose time is over then, because its slot must be freed',
      { calls: [callInFlight({ ...DUE, deadlineAt: NOON })], ...OPEN },
      {},
      [callIdOf(1)],
    ],
    [
      'asks first about the call that has waited longest',
      { calls: [callInFlight(DUE), callInFlight({ seq: 2, checkAt: at('11:50') })] },
      {},
      [callIdOf(2), callIdOf(1)],
    ],
  ])('%s', (_, stated, run, expected) => {
    expect(work(stated, run).lookUp).toEqual(expected);
  });

  test('asks about fifty calls at most', () => {
    const calls = Array.from({ length: 60 }, (_, index) => callInFlight({ seq: index + 1, ...DUE }));
    expect(work({ calls, spec: { max_concurrent_calls: 60 } }).lookUp).toHaveLength(50);
  });
});

describe('an exchange with the roster', () => {
  const MORE = { moreToClaim: true };
  /** Ten slots taken and a full reserve of forty. */
  const BUSY: StatedCampaign = { calls: liveCalls(10), ready: contacts(40), group: MORE };

  test.each<[string, StatedCampaign, StatedRun, Work['exchange']]>([
    ['claims contacts for the free slots and for a reserve of forty', { group: MORE }, {}, { want: 50 }],
    ['claims no more than the daily cap leaves', { group: MORE, spec: { max_calls_per_day: 12 } }, {}, { want: 12 }],
    ['is not needed while half of the reserve is there', { ...BUSY, ready: contacts(20) }, {}, null],
    ['fills the reserve up when less is there', { ...BUSY, ready: contacts(19) }, {}, { want: 21 }],
    [
      'claims a retry that is due, for which a place in the reserve is enough',
      { ...BUSY, ready: contacts(39), group: { ...MORE, nextDueAt: NOON } },
      {},
      { want: 1, wantDue: 40 },
    ],
    [
      'claims those that are due before the contacts at hand, although they fill the reserve',
      { ...BUSY, group: { ...MORE, nextDueAt: NOON } },
      {},
      { want: 0, wantDue: 40 },
    ],
    [
      'claims those that are due before the contacts at hand, although these would use up the day',
      { ...BUSY, spec: { max_calls_per_day: 50 }, group: { ...MORE, nextDueAt: NOON } },
      {},
      { want: 0, wantDue: 40 },
    ],
    [
      'claims none that is due while as many are at hand as fit',
      { ...BUSY, ready: contacts(40).map((contact) => ({ ...contact, isDue: true })), group: { nextDueAt: NOON } },
      {},
      null,
    ],
    [
      'claims first calls of a better priority before the contacts at hand, although they fill the reserve',
      { ...BUSY, group: { ...MORE, firstPriority: 1 } },
      {},
      { want: 0, ahead: { most: 40, before: 3 } },
    ],
    [
      'claims no more of them than fit beside those at hand that go before',
      {
        ...BUSY,
        ready: [...contacts(30).map((contact) => ({ ...contact, priority: 1 })), ...contacts(40).slice(30)],
        group: { ...MORE, firstPriority: 2 },
      },
      {},
      { want: 0, ahead: { most: 10, before: 3 } },
    ],
    ['leaves those of a worse priority for later', { ...BUSY, group: { ...MORE, firstPriority: 4 } }, {}, null],
    [
      'asks for them at once where people were added',
      { ...BUSY, group: MORE, rosterChanges: 1, roster: { countedAt: 0 } },
      {},
      { want: 0, ahead: { most: 40, before: 3 } },
    ],
    ['is worth twenty outcomes', { ...BUSY, settled: settlements(20) }, {}, { want: 0 }],
    ['is not worth nineteen', { ...BUSY, settled: settlements(19) }, {}, null],
    [
      'is worth one that has waited for half a minute',
      { ...BUSY, settled: settlements(1, { since: at('11:59:30') }) },
      {},
      { want: 0 },
    ],
    [
      'is worth a call that has been live for half a minute unwritten',
      { calls: [callInFlight({ sentAt: at('11:59:30'), synced: false })] },
      {},
      { want: 0 },
    ],
    [
      'writes down a change of the terms at once',
      { ...BUSY, pendingTerms: { max_concurrent_calls: 10 } },
      {},
      { want: 0 },
    ],
    [
      'writes every outcome down at once while the campaign is paused',
      { calls: liveCalls(2), settled: settlements(1), status: 'paused' },
      {},
      { want: 0 },
    ],
    ['waits for the one under way', { group: MORE }, { exchanging: true }, null],
    ['is left to the run that owns the records now', { group: MORE, superseded: true }, { lookingUp: true }, null],
    [
      'does not introduce a run again that was refused as the owner',
      { group: MORE, superseded: true },
      { lookingUp: true, continuedFrom: 'the run before' },
      null,
    ],
  ])('%s', (_, stated, run, expected) => {
    expect(work(stated, run).exchange).toEqual(expected);
  });

  test.each<[string, Partial<CampaignState['lastSync']>, Work['exchange']]>([
    ['writes down that the campaign waits for the provider', { waitingFor: null, until: null }, { want: 0 }],
    ['does so once', {}, null],
    ['writes down that it waits longer than before', { until: at('12:30') }, { want: 0 }],
  ])('%s', (_, difference, expected) => {
    const stated: StatedCampaign = {
      ready: contacts(3),
      breaker: { reason: 'throttled', openUntil: at('13:00'), failures: 1, since: NOON, times: 1 },
    };
    const { lastSync } = campaignState(stated);
    expect(work({ ...stated, lastSync: { ...lastSync, ...difference } }).exchange).toEqual(expected);
  });
});

describe('placements under way', () => {
  test.each<[string, StatedCampaign, StatedRun, boolean]>([
    ['go on', {}, {}, false],
    ['are taken back by a pause', { status: 'paused' }, {}, true],
    ['are taken back by the end', { ending: 'cancelled' }, {}, true],
    ['are taken back by an edit', {}, { changes: [EDIT] }, true],
    ['are waited for by a drain', {}, { drain: DRAIN }, false],
    ['are taken back by a drain that cannot wait any more', {}, { drain: { ...DRAIN, until: Infinity } }, true],
  ])('%s', (_, stated, run, expected) => {
    expect(work({ calls: [PLACING], ...stated }, run).cancelPlacements).toBe(expected);
  });
});

describe('the campaign sleeps', () => {
  test.each<[string, StatedCampaign, number | null]>([
    ['until the window closes, while nothing else will happen', PEOPLE_LEFT, at('16:59:50')],
    ['until the campaign expires', { ...PEOPLE_LEFT, spec: { ends_at: at('13:00') } }, at('12:59:50')],
    ['until a live call is to be looked up', { calls: [callInFlight({ sentAt: NOON - MINUTE })] }, at('12:02')],
    [
      'until a call that nobody wrote down must be',
      { calls: [callInFlight({ sentAt: NOON - 10 * SECOND, synced: false })] },
      NOON + 20 * SECOND,
    ],
    [
      'until two hours before a window that was computed more than a day ahead',
      {
        ...PEOPLE_LEFT,
        group: {
          window: recordedWindow({ opensAt: NOON + 60 * HOUR, closesAt: NOON + 68 * HOUR }),
          windowAnsweredAt: NOON,
        },
        day: recordedDay({ endsAt: NOON + 68 * HOUR }),
      },
      NOON + 58 * HOUR,
    ],
    ['until a message comes, where it is paused', { status: 'paused' }, null],
  ])('%s', (_, stated, wakeAt) => {
    expect(work(stated).wakeAt).toBe(wakeAt);
  });
});
