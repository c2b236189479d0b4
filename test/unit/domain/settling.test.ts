/** What a campaign and its roster tell each other, by examples. */
import { newGroup } from '../../../domain/engine/groups.ts';
import { describe, expect, test } from 'vitest';
import type { CampaignState, InFlightCall, ReadyContact } from '../../../domain/engine/campaign-state.ts';
import { waitingAt } from '../../../domain/engine/gates.ts';
import type { ExchangeReply, ExchangeRequest, RosterSnapshot, UnsettledCall } from '../../../domain/engine/roster.ts';
import { adopt, applyExchange, exchangeRequest, liveBuckets } from '../../../domain/engine/settling.ts';
import { applyEnded } from '../../../domain/engine/call-ends.ts';
import type { Buckets } from '../../../domain/engine/tally.ts';
import {
  at,
  CAMPAIGN_ID,
  callIdOf,
  callInFlight,
  campaignSpec,
  campaignState,
  NOON,
  pacingFacts,
  recordedDay,
  type StatedCampaign,
  TODAY,
} from '../../support/factories/campaign-state.ts';

type Exchanged = Extract<ExchangeReply, { kind: 'exchanged' }>;

function buckets(stated: Partial<Buckets> = {}): Buckets {
  return { pending: 0, in_progress: 0, retrying: 0, completed: 0, failed: 0, skipped: 0, ...stated };
}

function ask(state: CampaignState, want = 0): ExchangeRequest {
  return exchangeRequest(state, CAMPAIGN_ID, { want }, waitingAt(state, NOON), null, NOON);
}

function answer(state: CampaignState, request: ExchangeRequest, stated: Partial<Exchanged> = {}): void {
  const nothing = { claimed: [], events: [], retriesEndedUpTo: null, groups: [] };
  applyExchange(state, request, { kind: 'exchanged', buckets: buckets(), ...nothing, ...stated }, NOON);
}

function endOf(seq: number) {
  return { event_id: `end-${seq}`, call_id: callIdOf(seq), outcome: 'completed' as const, ended_at: NOON };
}

describe('an exchange tells the roster', () => {
  test.each<[string, InFlightCall, ReadyContact[]]>([
    ['of a call that is live', callInFlight({ synced: false }), [{ seq: 1, attempt: 1 }]],
    [
      'of a call that may have been placed',
      callInFlight({ phase: 'unknown', synced: false }),
      [{ seq: 1, attempt: 1 }],
    ],
    ['nothing of a call that it knows of', callInFlight({ synced: true }), []],
    ['nothing of a call that is being placed: it may not come about', callInFlight({ phase: 'placing' }), []],
    [
      'nothing of a placement without an answer, which may not have been sent',
      callInFlight({ phase: 'unknown', unconfirmed: true, synced: false }),
      [],
    ],
  ])('%s', (_, call, started) => {
    expect(ask(campaignState({ calls: [call] })).started).toEqual(started);
  });

  test('how each call ended, and how many were placed today', () => {
    const state = campaignState({ calls: [callInFlight()] });
    applyEnded(state, endOf(1), NOON);
    expect(ask(state)).toMatchObject({
      settled: [{ seq: 1, to: 'completed', outcome: 'completed', at: NOON }],
      sync: { placed: 1 },
      day: TODAY,
    });
  });
});

describe('the answer to an exchange', () => {
  test.each([
    ['no day is recorded', null],
    ['the next window is that of another day', recordedDay({ date: '2026-03-20' })],
  ])('how many were placed on the latest day that has calls, also while %s', (_, day) => {
    const state = campaignState({ day, placedByDay: { '2026-03-17': 4, [TODAY]: 3 } });
    expect(ask(state)).toMatchObject({ day: TODAY, placedOnDay: 3 });
    expect(ask(campaignState({ day, placedByDay: {} })).day).toBeNull();
  });

  test('takes what it told off the list, and leaves what happened since', () => {
    const state = campaignState({ calls: [callInFlight(), callInFlight({ seq: 2 })] });
    applyEnded(state, endOf(1), NOON);
    const request = ask(state);
    applyEnded(state, endOf(2), NOON);
    answer(state, request);
    expect(state.settled).toMatchObject([{ seq: 2 }]);
    expect(ask(state).settled).toMatchObject([{ seq: 2 }]);
  });

  test('brings contacts, retries first: they have a promised time', () => {
    const state = campaignState({ ready: [{ seq: 5, attempt: 1 }] });
    const claimed = [
      { seq: 6, attempt: 1 },
      { seq: 1, attempt: 2 },
    ];
    answer(state, ask(state, 2), { claimed });
    expect(state.ready.map(({ seq }) => seq)).toEqual([1, 5, 6]);
  });

  test('brings contacts of a better priority before those at hand, and leaves the order of these', () => {
    const first = [
      { seq: 1, attempt: 1, isDue: true },
      { seq: 2, attempt: 1, priority: 2 },
      { seq: 3, attempt: 1 },
      { seq: 4, attempt: 1, priority: 2 },
    ];
    const state = campaignState({ ready: first });
    const claimed = [
      { seq: 5, attempt: 1, priority: 1 },
      { seq: 6, attempt: 1, priority: 2 },
      { seq: 7, attempt: 1 },
      { seq: 8, attempt: 1, priority: 4 },
    ];
    answer(state, ask(state), { claimed });
    expect(state.ready.map(({ seq }) => seq)).toEqual([1, 5, 2, 6, 3, 4, 7, 8]);
  });

  test('brings the end of a call whose signal was lost', () => {
    const state = campaignState({ calls: [callInFlight()] });
    answer(state, ask(state), { events: [endOf(1)] });
    expect(state.inFlight).toEqual({});
    expect(state.settled).toMatchObject([{ seq: 1, outcome: 'completed' }]);
  });

  test('leaves terms that were changed while it was under way to the next one', () => {
    const state = campaignState({ pendingTerms: { max_concurrent_calls: 5 } });
    const request = ask(state);
    state.pendingTerms = { ...state.pendingTerms, max_calls_per_day: 50 };
    answer(state, request);
    expect(ask(state).terms).toEqual({ max_concurrent_calls: 5, max_calls_per_day: 50 });
  });
});

describe('the buckets at this moment', () => {
  const roster = { buckets: buckets({ pending: 5, in_progress: 2, retrying: 3 }) };

  test.each<[string, StatedCampaign, Partial<Buckets>]>([
    ['are those of the last exchange', {}, { pending: 5, in_progress: 2, retrying: 3 }],
    [
      'count a call as in progress that the roster does not know of',
      { calls: [callInFlight({ synced: false })] },
      { pending: 4, in_progress: 3, retrying: 3 },
    ],
    [
      'take a retry from those who waited for one',
      { calls: [callInFlight({ attempt: 2, synced: false })] },
      { pending: 5, in_progress: 3, retrying: 2 },
    ],
    [
      'put a contact back that was surely not called',
      { returned: [{ seq: 1, attempt: 1 }] },
      { pending: 6, in_progress: 1, retrying: 3 },
    ],
  ])('%s', (_, stated, expected) => {
    expect(liveBuckets(campaignState({ roster, ...stated }))).toEqual(buckets(expected));
  });

  test('count a call that has ended as what it ended as', () => {
    const state = campaignState({ roster, calls: [callInFlight()] });
    applyEnded(state, endOf(1), NOON);
    expect(liveBuckets(state)).toEqual(buckets({ pending: 5, in_progress: 1, retrying: 3, completed: 1 }));
  });
});

describe('a run that adopts the records', () => {
  const UNSETTLED: UnsettledCall = {
    seq: 1,
    attempt: 1,
    day: TODAY,
    sentAt: at('11:50'),
    acceptedAt: null,
    refusal: null,
    ended: null,
  };

  function adopted(stated: StatedCampaign, snapshot: Partial<RosterSnapshot>): CampaignState {
    const state = campaignState(stated);
    const records: RosterSnapshot = {
      status: 'active',
      ending: null,
      spec: campaignSpec(),
      lastExchange: 7,
      epoch: 2,
      unsettled: [],
      placedByDay: {},
      buckets: buckets(),
      groups: [{ group: 0, more: true, dueAt: null }],
      ...snapshot,
    };
    adopt(state, CAMPAIGN_ID, records, pacingFacts(), NOON);
    return state;
  }

  test.each<[string, Partial<UnsettledCall>, Partial<InFlightCall>]>([
    [
      'follows a call that was accepted until its end',
      { acceptedAt: at('11:59') },
      { phase: 'live', checkAt: at('12:02'), deadlineAt: at('12:30') },
    ],
    ['looks a call up at once that may have been sent', {}, { phase: 'unknown', checkAt: NOON }],
  ])('%s', (_, unsettled, call) => {
    expect(adopted({}, { unsettled: [{ ...UNSETTLED, ...unsettled }] }).inFlight[callIdOf(1)]).toMatchObject(call);
  });

  test.each<[string, Partial<UnsettledCall>, object]>([
    ['settles a call that was refused', { refusal: 'invalid_number' }, { to: 'failed', reason: 'invalid_number' }],
    [
      'settles a call that has ended',
      { acceptedAt: at('11:51'), ended: endOf(1) },
      { to: 'completed', outcome: 'completed' },
    ],
  ])('%s', (_, unsettled, settlement) => {
    const state = adopted({}, { unsettled: [{ ...UNSETTLED, ...unsettled }] });
    expect(state.inFlight).toEqual({});
    expect(state.settled).toMatchObject([settlement]);
  });

  test.each<[string, StatedCampaign, Partial<RosterSnapshot>, Partial<CampaignState>]>([
    ['stays paused where the records say so', {}, { status: 'paused' }, { status: 'paused' }],
    ['goes on ending where the records say so', {}, { ending: 'cancelled' }, { ending: 'cancelled' }],
    [
      'goes on ending where it was told and the records do not know',
      { ending: 'cancelled' },
      {},
      { ending: 'cancelled' },
    ],
    [
      'forgets the contacts at hand: the records still have them',
      { ready: [{ seq: 9, attempt: 1 }] },
      {},
      { ready: [] },
    ],
    [
      'counts the calls of the day as the records do',
      {},
      { placedByDay: { [TODAY]: 31 } },
      { placedByDay: { [TODAY]: 31 } },
    ],
    ['owns the records from now on', { superseded: true }, { epoch: 3 }, { superseded: false, epoch: 3 }],
    [
      'asks for its window again where the hours have been changed',
      {},
      { spec: campaignSpec({ schedule: { ...campaignSpec().schedule, end_time: '18:00' } }) },
      { groups: [{ ...newGroup(0), moreToClaim: true }] },
    ],
  ])('%s', (_, stated, snapshot, expected) => {
    expect(adopted(stated, snapshot)).toMatchObject(expected);
  });
});
