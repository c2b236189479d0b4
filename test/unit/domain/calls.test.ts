/** The life of one call, by examples: from the decision to place it to the bucket in which its contact ends. */
import { describe, expect, test } from 'vitest';
import { applyEnded } from '../../../domain/engine/call-ends.ts';
import { applyFinding } from '../../../domain/engine/look-ups.ts';
import { applyPlacement } from '../../../domain/engine/placement-results.ts';
import { startPlacing } from '../../../domain/engine/starting-calls.ts';
import { capLeft } from '../../../domain/engine/calling-day.ts';
import type { CampaignState, InFlightCall, Settlement, WaitingFor } from '../../../domain/engine/campaign-state.ts';
import type { EndedEvent, Outcome } from '../../../domain/engine/outcome.ts';
import { troubleOf } from '../../../domain/engine/circuit-breaker.ts';
import { waitingAt } from '../../../domain/engine/gates.ts';
import { type LookUpFinding, type PlacementResult, REPEAT_REFUSED } from '../../../domain/engine/placement.ts';
import { RetryableOutcome } from '../../../domain/engine/retry-policy.ts';
import {
  at,
  callIdOf,
  callInFlight,
  campaignState,
  HOUR,
  MINUTE,
  NOON,
  recordedWindow,
  SECOND,
  type StatedCampaign,
  TODAY,
} from '../../support/factories/campaign-state.ts';

const ID = callIdOf(1);
const CONTACT = { seq: 1, attempt: 1 };
/** In the middle of the range by which waits are spread. */
const MIDDLE = 0.5;

/** Where the contact stands: in a call, in a bucket, at hand for the next call, or in none of these. */
function whereabouts({
  ready,
  inFlight,
  settled,
  released,
}: CampaignState): InFlightCall['phase'] | Settlement['to'] | 'ready' | 'postponed' | 'nowhere' {
  const call = inFlight[ID];
  if (call) return call.phase;
  const isReady = ready.some(({ seq }) => seq === CONTACT.seq);
  if (released[0]?.until !== undefined) return 'postponed';
  return settled[0]?.to ?? (isReady ? 'ready' : 'nowhere');
}

describe('a call that is being placed', () => {
  const placed = (stated: StatedCampaign = {}): CampaignState => {
    const state = campaignState(stated);
    startPlacing(state, ID, CONTACT, NOON);
    return state;
  };

  test('takes a slot and a unit of the daily cap before anything is sent', () => {
    const state = placed({ spec: { max_concurrent_calls: 1, max_calls_per_day: 5 } });
    expect(state.inFlight[ID]).toMatchObject({ phase: 'placing', day: TODAY, sentAt: NOON });
    expect(capLeft(state)).toBe(4);
    expect(waitingAt({ ...state, ready: [{ seq: 2, attempt: 1 }] }, NOON).for).toBe('slot');
  });

  test('has a number above those of all placements before it', () => {
    const state = placed({ placements: 41 });
    startPlacing(state, callIdOf(2), { seq: 2, attempt: 1 }, NOON);
    expect([state.inFlight[ID]?.placement, state.inFlight[callIdOf(2)]?.placement]).toEqual([42, 43]);
  });

  test.each<[string, StatedCampaign, number]>([
    ['until ten seconds before the window closes', {}, at('16:59:50')],
    [
      'until ten seconds before midnight where the window closes on the next day',
      { group: { window: recordedWindow({ closesAt: at('02:00', '2026-03-19') }) } },
      at('23:59:50'),
    ],
    ['until ten seconds before the campaign expires', { spec: { ends_at: at('13:00') } }, at('12:59:50')],
  ])('may be sent %s, which the request itself may need', (_, stated, notAfter) => {
    expect(placed(stated).inFlight[ID]?.notAfter).toBe(notAfter);
  });
});

interface Effect {
  readonly contact: ReturnType<typeof whereabouts>;
  /** What the whole campaign then waits for. */
  readonly waits?: WaitingFor;
  /** Whether the call's unit of the daily cap is given back. */
  readonly unit?: 'given back';
  /** Whether a look-up must find out first if the placement may still send. */
  readonly unconfirmed?: true;
}

describe('the answer to a placement', () => {
  test.each<[string, PlacementResult, Effect]>([
    ['accepted: the call is live', { kind: 'accepted', ended: null }, { contact: 'live' }],
    [
      'accepted, and its end is known already: the call is over',
      { kind: 'accepted', ended: { event_id: 'end', call_id: ID, outcome: 'completed', ended_at: NOON } },
      { contact: 'completed' },
    ],
    [
      'rejected by the provider: the contact has failed, because the provider would refuse it again',
      { kind: 'rejected', reason: 'invalid_number' },
      { contact: 'failed', unit: 'given back' },
    ],
    [
      'invalid: no request can be made of the contact, which has failed',
      { kind: 'invalid' },
      { contact: 'failed', unit: 'given back' },
    ],
    [
      'suppressed: the number must not be called, and the contact is skipped',
      { kind: 'suppressed' },
      { contact: 'skipped', unit: 'given back' },
    ],
    [
      'not allowed: the connection must not dial the number, and the contact is skipped',
      { kind: 'not_allowed', reason: 'number_type_not_allowed' },
      { contact: 'skipped', unit: 'given back' },
    ],
    [
      'removed: by the records the contact is not to be called, and the campaign drops it',
      { kind: 'removed' },
      { contact: 'nowhere', unit: 'given back' },
    ],
    [
      'withdrawn: this placement was recorded as not sent, and the contact is called by the next one',
      { kind: 'withdrawn' },
      { contact: 'ready', unit: 'given back' },
    ],
    [
      'expired: the window closed first, and the contact waits for the next one',
      { kind: 'expired' },
      { contact: 'ready', waits: 'window', unit: 'given back' },
    ],
    [
      'delayed by our own system: the contact waits, and the whole campaign for a second',
      { kind: 'delayed' },
      { contact: 'ready', waits: 'system', unit: 'given back' },
    ],
    [
      'later: the next instants of the connection are taken, and the whole campaign waits as long as it is told',
      { kind: 'later', afterMs: 5 * SECOND },
      { contact: 'ready', waits: 'connection', unit: 'given back' },
    ],
    [
      'postponed: the number has had its calls, and this contact alone waits in the roster',
      { kind: 'postponed', until: NOON + HOUR, afterMs: HOUR, waitsFor: 'number' },
      { contact: 'postponed', unit: 'given back' },
    ],
    [
      'held: the connection has trouble, and the contact and the whole campaign wait as long as they are told',
      { kind: 'held', afterMs: 5 * SECOND, trouble: { reason: 'throttled', since: NOON, times: 1 } },
      { contact: 'ready', waits: 'provider', unit: 'given back' },
    ],
    [
      'blocked: the agent may not call, and the whole campaign waits',
      { kind: 'blocked', reason: 'agent_not_found' },
      { contact: 'ready', waits: 'provider', unit: 'given back' },
    ],
    [
      'unknown: the provider may have the call, which keeps its slot, and the whole campaign waits',
      { kind: 'unknown', reason: 'timeout', retryAfterMs: null },
      { contact: 'unknown', waits: 'provider' },
    ],
    [
      'refused under a key that was used before: the first request may have been accepted; only this call waits',
      { kind: 'unknown', reason: REPEAT_REFUSED, retryAfterMs: null },
      { contact: 'unknown' },
    ],
    [
      'unresolved: an earlier placement may have been accepted, and this one sent nothing',
      { kind: 'unresolved' },
      { contact: 'unknown' },
    ],
    [
      'taken back: cancelled before its worker reported, it may have been sent',
      { kind: 'cancelled' },
      { contact: 'unknown', unconfirmed: true },
    ],
    [
      'no answer, because the worker died: the placement may have been sent, and may still be',
      { kind: 'unanswered', error: false, reason: 'no_answer_from_worker' },
      { contact: 'unknown', unconfirmed: true },
    ],
    [
      'no answer, because our own system failed: the same, and the whole campaign waits',
      { kind: 'unanswered', error: true, reason: '55P03' },
      { contact: 'unknown', unconfirmed: true, waits: 'system' },
    ],
    [
      'superseded: another run owns the records, which alone know what was sent',
      { kind: 'superseded' },
      { contact: 'unknown' },
    ],
  ])('%s', (_, result, { contact, waits = null, unit, unconfirmed = false }) => {
    const state = campaignState({ calls: [callInFlight({ phase: 'placing' })], group: { moreToClaim: true } });
    applyPlacement(state, ID, result, NOON, MIDDLE);
    expect(whereabouts(state)).toBe(contact);
    expect(waitingAt(state, NOON).for).toBe(waits);
    expect(state.placedByDay).toEqual({ [TODAY]: unit === 'given back' ? 0 : 1 });
    expect(state.inFlight[ID]?.unconfirmed ?? false).toBe(unconfirmed);
  });

  test.each<[string, number, number, number]>([
    ['at the named time', HOUR, HOUR, HOUR],
    ['after the named wait, where the time has passed by the clock of the campaign', -SECOND, 3 * SECOND, 3 * SECOND],
    ['after a second at the earliest', -SECOND, 1, SECOND],
  ])('that is postponed brings the contact back %s', (_, until, afterMs, due) => {
    const state = campaignState({ calls: [callInFlight({ phase: 'placing' })] });
    applyPlacement(state, ID, { kind: 'postponed', until: NOON + until, afterMs, waitsFor: 'number' }, NOON, MIDDLE);
    expect(state.released).toEqual([{ ...CONTACT, until: NOON + due, waitsFor: 'number', since: NOON }]);
  });

  test.each<[string, PlacementResult, number[]]>([
    [
      'is blocked lets others try first: the refusal may be about this one alone',
      { kind: 'blocked', reason: 'country_not_permitted' },
      [2, 3, 1],
    ],
    ['was too late for its window is still the first', { kind: 'expired' }, [1, 2, 3]],
  ])('that %s', (_, result, order) => {
    const waiting = [2, 3].map((seq) => ({ seq, attempt: 1 }));
    const state = campaignState({ calls: [callInFlight({ phase: 'placing' })], ready: waiting });
    applyPlacement(state, ID, result, NOON, MIDDLE);
    expect(state.ready.map(({ seq }) => seq)).toEqual(order);
  });

  test('for a call that is over changes nothing', () => {
    const state = campaignState();
    applyPlacement(state, ID, { kind: 'blocked', reason: 'agent_not_found' }, NOON, MIDDLE);
    expect(state).toEqual(campaignState());
  });
});

function ended(outcome: Outcome, endedAt: number): EndedEvent {
  return { event_id: 'end', call_id: ID, outcome, ended_at: endedAt };
}

describe('a call that ends', () => {
  const END = at('12:03');
  const secondAttempt = callInFlight({ attempt: 2 });

  test.each<[string, Outcome, StatedCampaign, Partial<Settlement>]>([
    ['completed: the contact has been reached', 'completed', {}, { to: 'completed' }],
    [
      'rings out: the contact is called again half an hour after the end',
      'no_answer',
      {},
      { to: 'retrying', retryAt: at('12:33') },
    ],
    ['finds the line busy: the same', 'busy', {}, { to: 'retrying', retryAt: at('12:33') }],
    [
      'rings out on the last attempt: the contact has failed',
      'no_answer',
      { calls: [secondAttempt] },
      { to: 'failed' },
    ],
    [
      'rings out in a campaign that is being cancelled: the same',
      'no_answer',
      { ending: 'cancelled' },
      { to: 'failed' },
    ],
    ['reaches a voicemail: the contact has been reached', 'voicemail', {}, { to: 'completed' }],
    [
      'reaches a voicemail that the campaign retries: the contact is called again',
      'voicemail',
      { spec: { retry: { budget: 1, delayMinutes: [30], on: ['voicemail'] } } },
      { to: 'retrying', retryAt: at('12:33') },
    ],
    ['fails in a way that the campaign does not retry: the contact has failed', 'failed', {}, { to: 'failed' }],
    ['is declined: the contact has failed', 'declined', {}, { to: 'failed' }],
    [
      'is declined, which the campaign retries: the contact is called again',
      'declined',
      { spec: { retry: { budget: 1, delayMinutes: [30], on: ['declined'] } } },
      { to: 'retrying', retryAt: at('12:33') },
    ],
    [
      'finds that the number does not exist: the contact has failed',
      'invalid_number',
      { spec: { retry: { budget: 1, delayMinutes: [30], on: ['failed'] } } },
      { to: 'failed' },
    ],
  ])('%s', (_, outcome, stated, expected) => {
    const calls = stated.calls ?? [callInFlight()];
    const state = campaignState({ ...stated, calls });
    const [call] = calls;
    applyEnded(state, { ...ended(outcome, END), call_id: callIdOf(call!.seq, call!.attempt) }, at('12:05'));
    expect(state.inFlight).toEqual({});
    expect(state.settled).toMatchObject([{ retryAt: null, ...expected, outcome, reason: outcome, at: END }]);
  });

  test.each<[string, number, number]>([
    ['before it was sent ended when it was sent', at('11:00'), NOON],
    ['in the future ended when its end was heard of', at('19:00'), at('12:05')],
  ])('%s: the carrier’s clock is wrong', (_, toldEnd, endedAt) => {
    const state = campaignState({ calls: [callInFlight()] });
    applyEnded(state, ended('busy', toldEnd), at('12:05'));
    expect(state.settled).toMatchObject([{ at: endedAt, retryAt: endedAt + 30 * MINUTE }]);
  });

  test('is told of twice: the second event is a duplicate, and changes nothing', () => {
    const state = campaignState({ calls: [callInFlight()] });
    applyEnded(state, ended('busy', END), at('12:05'));
    applyEnded(state, ended('busy', END), at('12:06'));
    expect(state.settled).toHaveLength(1);
    expect(state.heard).toMatchObject({ duplicate: 1, late: 0 });
  });

  test('in two ways: the first event stands, and the other is late', () => {
    const state = campaignState({ calls: [callInFlight()] });
    applyEnded(state, ended('busy', END), at('12:05'));
    applyEnded(state, { ...ended('completed', END), event_id: 'another end' }, at('12:06'));
    expect(state.settled).toMatchObject([{ outcome: 'busy' }]);
    expect(state.heard).toMatchObject({ duplicate: 0, late: 1 });
  });
});

describe('what a look-up finds', () => {
  const UNKNOWN = callInFlight({ phase: 'unknown', unconfirmed: true });
  const LIVE = callInFlight({ phase: 'live' });

  interface Learned {
    readonly contact: ReturnType<typeof whereabouts>;
    readonly reason?: string;
    readonly nextCheckAt?: number;
    readonly deadlineAt?: number;
  }

  test.each<[string, InFlightCall, LookUpFinding, number, Learned]>([
    [
      'an unknown call was never sent: its contact is called by another placement',
      UNKNOWN,
      { kind: 'not_placed', reason: null },
      NOON,
      { contact: 'ready' },
    ],
    [
      'an unknown call was refused: its contact has failed',
      UNKNOWN,
      { kind: 'not_placed', reason: 'invalid_number' },
      NOON,
      { contact: 'failed', reason: 'invalid_number' },
    ],
    [
      'an unknown call is over: it ends as the provider says',
      UNKNOWN,
      { kind: 'ended', event: ended('busy', NOON) },
      at('12:01'),
      { contact: 'retrying', reason: 'busy' },
    ],
    [
      'an unknown call is live: it is followed from now on for as long as a call may last',
      UNKNOWN,
      { kind: 'live', queued: false },
      at('12:01'),
      { contact: 'live', nextCheckAt: at('12:04'), deadlineAt: at('12:32') },
    ],
    [
      'a live call is still live after its half hour: it is asked about again, at its deadline at the latest',
      LIVE,
      { kind: 'live', queued: false },
      at('12:30:30'),
      { contact: 'live', nextCheckAt: at('12:31'), deadlineAt: at('12:31') },
    ],
    [
      'a call is still live at its deadline: it is given up as lost, which frees its slot',
      LIVE,
      { kind: 'live', queued: false },
      at('12:31'),
      { contact: 'failed', reason: 'lost' },
    ],
    [
      'nothing about an unknown call: it is asked about again after two seconds',
      UNKNOWN,
      { kind: 'unknown', mayRepeat: false },
      NOON,
      { contact: 'unknown', nextCheckAt: NOON + 2 * SECOND },
    ],
    [
      'nothing for the third time: the pause has doubled each time',
      { ...UNKNOWN, checks: 2 },
      { kind: 'unknown', mayRepeat: false },
      NOON,
      { contact: 'unknown', nextCheckAt: NOON + 8 * SECOND },
    ],
    [
      'nothing for the tenth time: the pause is a minute at most',
      { ...UNKNOWN, checks: 9 },
      { kind: 'unknown', mayRepeat: false },
      NOON,
      { contact: 'unknown', nextCheckAt: NOON + MINUTE },
    ],
    [
      'that the request may be repeated under its key: it is, at once',
      UNKNOWN,
      { kind: 'unknown', mayRepeat: true },
      at('12:01'),
      { contact: 'unknown', nextCheckAt: at('12:01') },
    ],
    [
      'nothing by the deadline: the call is lost',
      UNKNOWN,
      { kind: 'unknown', mayRepeat: false },
      at('12:31'),
      { contact: 'failed', reason: 'lost' },
    ],
    [
      'nothing, because it could not ask: the call is kept past its deadline',
      UNKNOWN,
      { kind: 'unasked' },
      at('12:31'),
      { contact: 'unknown', nextCheckAt: at('12:31:15'), deadlineAt: at('12:31:15') },
    ],
    [
      'nothing, because it could not ask for a quarter of an hour past the deadline: the call is lost',
      UNKNOWN,
      { kind: 'unasked' },
      at('12:46'),
      { contact: 'failed', reason: 'lost' },
    ],
    [
      'anything about a call that is being placed: the placement’s own answer is newer',
      callInFlight({ phase: 'placing' }),
      { kind: 'not_placed', reason: null },
      NOON,
      { contact: 'placing' },
    ],
  ])('%s', (_, call, finding, now, { contact, reason, nextCheckAt, deadlineAt }) => {
    const state = campaignState({ calls: [{ ...call }] });
    applyFinding(state, ID, finding, now);
    expect(whereabouts(state)).toBe(contact);
    expect(state.settled[0]?.reason).toBe(reason);
    if (nextCheckAt !== undefined) expect(state.inFlight[ID]?.checkAt).toBe(nextCheckAt);
    if (deadlineAt !== undefined) expect(state.inFlight[ID]?.deadlineAt).toBe(deadlineAt);
  });

  test.each<[string, LookUpFinding, boolean]>([
    [
      'confirms that the placement will not send any more, whatever else it learned',
      { kind: 'unknown', mayRepeat: false },
      false,
    ],
    ['confirms nothing where it could not ask', { kind: 'unasked' }, true],
  ])('%s', (_, finding, unconfirmed) => {
    const state = campaignState({ calls: [{ ...UNKNOWN }] });
    applyFinding(state, ID, finding, NOON);
    expect(state.inFlight[ID]?.unconfirmed).toBe(unconfirmed);
  });

  test('that no worker has the connection any more: a campaign whose slots are all taken says so', () => {
    const state = campaignState({
      calls: [{ ...LIVE }],
      ready: [{ seq: 2, attempt: 1 }],
      spec: { max_concurrent_calls: 1 },
    });
    expect(waitingAt(state, NOON).for).toBe('slot');
    applyFinding(state, ID, { kind: 'unknown', mayRepeat: false, noConnection: true }, NOON);
    expect(whereabouts(state)).toBe('live');
    expect(waitingAt(state, NOON)).toEqual({ for: 'provider', until: NOON + MINUTE });
    expect(troubleOf(state)).toMatchObject({ reason: 'blocked:no_connection', since: NOON });
  });

  test('a lost call is not retried, because it might ring twice', () => {
    const state = campaignState({
      calls: [{ ...UNKNOWN }],
      spec: { retry: { budget: 3, delayMinutes: [1], on: [...RetryableOutcome.options] } },
    });
    applyFinding(state, ID, { kind: 'unknown', mayRepeat: false }, NOON + HOUR);
    expect(state.settled).toMatchObject([{ to: 'failed', outcome: 'lost', retryAt: null }]);
  });
});
