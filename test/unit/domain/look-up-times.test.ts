/** When calls that are live are looked up, and what becomes of one that waits in the provider's queue. */
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { applyFinding, startLookingUp } from '../../../domain/engine/look-ups.ts';
import { applyPlacement } from '../../../domain/engine/placement-results.ts';
import { startPlacing } from '../../../domain/engine/starting-calls.ts';
import type { CampaignState, PacingFacts } from '../../../domain/engine/campaign-state.ts';
import type { LookUpFinding } from '../../../domain/engine/placement.ts';
import { adopt } from '../../../domain/engine/settling.ts';
import { stepOf, workOf } from '../../support/factories/steps.ts';
import {
  at,
  callIdOf,
  CAMPAIGN_ID,
  campaignState,
  HOUR,
  MINUTE,
  NOON,
  pacingFacts,
  recordedWindow,
  SECOND,
} from '../../support/factories/campaign-state.ts';

const ID = callIdOf(1);
const QUEUE: Partial<PacingFacts> = {
  dialMarginMs: 5 * MINUTE + 10 * SECOND,
  callLifetimeMs: 35 * MINUTE,
  queueBoundMs: 5 * MINUTE,
  cancelsQueued: true,
};
const TOMORROW = recordedWindow({
  opensAt: at('09:00', '2026-03-19'),
  closesAt: at('17:00', '2026-03-19'),
  day: '2026-03-19',
  dayEndsAt: at('24:00', '2026-03-19'),
});
const LIVE: LookUpFinding = { kind: 'live', queued: false };
const QUEUED: LookUpFinding = { kind: 'live', queued: true };
const UNKNOWN: LookUpFinding = { kind: 'unknown', mayRepeat: false };

/** A campaign of which one call was accepted then. */
function withCallAt(acceptedAt: number, facts: Partial<PacingFacts> = {}): CampaignState {
  const state = campaignState({ facts: pacingFacts(facts) });
  startPlacing(state, ID, { seq: 1, attempt: 1 }, acceptedAt);
  applyPlacement(state, ID, { kind: 'accepted', ended: null }, acceptedAt, 0.5);
  return state;
}

/** Looks the call up whenever it is due, until it is over or `until`. */
function lookUps(state: CampaignState, from: number, found: (now: number) => LookUpFinding, until = Infinity) {
  const asked: { readonly time: string; readonly urgent: boolean; readonly cancels: boolean }[] = [];
  for (let now = from; state.inFlight[ID] && now <= until;) {
    const step = stepOf(state, now);
    if (step.kind === 'ask_window') state.groups[0]!.window = TOMORROW;
    if (step.kind !== 'work') continue;
    if (!step.lookUp.includes(ID)) {
      now = step.wakeAt ?? Infinity;
      continue;
    }
    const [call] = startLookingUp(state, step.lookUp, now);
    const time = new Date(now).toISOString().slice(11, 19);
    asked.push({ time, urgent: call?.urgent === true, cancels: call?.cancelQueued === true });
    applyFinding(state, ID, found(now), now);
  }
  return asked;
}

const times = (asked: ReturnType<typeof lookUps>) => asked.map(({ time }) => time);

describe('a live call of which nothing is heard', () => {
  test('is looked up when it is older than usual, after pauses that grow, and each minute past its longest time', () => {
    const state = withCallAt(NOON);
    const asked = lookUps(state, NOON, () => LIVE);
    expect(times(asked)).toEqual([
      '12:03:00',
      '12:04:00',
      '12:06:00',
      '12:10:00',
      '12:15:00',
      '12:20:00',
      '12:25:00',
      '12:30:00',
      '12:31:00',
    ]);
    expect(asked.map(({ urgent }) => urgent)).toEqual([...Array.from({ length: 8 }, () => false), true]);
    expect(state.settled).toMatchObject([{ outcome: 'lost', at: at('12:31') }]);
  });

  test.each<[string, LookUpFinding]>([
    ['nothing', UNKNOWN],
    ['nothing, because the budget did not cover it', { kind: 'deferred', retryAfterMs: 20 * SECOND }],
  ])('is kept until its deadline at least, whatever little is found: %s', (_, finding) => {
    const state = withCallAt(NOON);
    lookUps(state, NOON, () => finding, at('12:30:59'));
    expect(state.inFlight[ID]).toBeDefined();
  });

  test('is asked about again without waiting for the next common instant where the budget says when', () => {
    const state = withCallAt(NOON);
    const asked = lookUps(
      state,
      NOON,
      (now) => (now < at('12:04') ? { kind: 'deferred', retryAfterMs: 21 * SECOND } : LIVE),
      at('12:05'),
    );
    expect(times(asked)).toEqual(['12:03:00', '12:03:21', '12:03:42', '12:04:03', '12:05:00']);
  });

  test('shares its look-ups with others that began at about the same time', () => {
    const state = campaignState();
    for (const seq of [1, 2, 3]) {
      const begun = NOON + seq * 7 * SECOND;
      startPlacing(state, callIdOf(seq), { seq, attempt: 1 }, begun);
      applyPlacement(state, callIdOf(seq), { kind: 'accepted', ended: null }, begun, 0.5);
    }
    expect(workOf(state, at('12:03:29')).lookUp).toEqual([]);
    expect(workOf(state, at('12:03:30')).lookUp).toHaveLength(3);
  });

  test('is looked up at the same instants although each look-up takes a moment', () => {
    const state = withCallAt(NOON);
    for (const [asked, next] of [
      ['12:03:00', '12:04:00'],
      ['12:04:01', '12:06:00'],
      ['12:06:09', '12:10:00'],
    ] as const) {
      applyFinding(state, ID, LIVE, at(asked));
      expect(state.inFlight[ID]?.checkAt).toBe(at(next));
    }
  });

  test('is looked up at the times of another campaign only by chance', () => {
    const checks = [0, 11, 29].map((seconds) => {
      const state = { ...withCallAt(NOON), beginsAt: NOON + seconds * SECOND };
      applyFinding(state, ID, LIVE, at('12:03'));
      return (state.inFlight[ID]?.checkAt ?? 0) - NOON;
    });
    expect(checks).toEqual([240, 251, 239].map((seconds) => seconds * SECOND));
  });

  test('that a look-up had found is followed like one that was accepted then', () => {
    const state = campaignState();
    startPlacing(state, ID, { seq: 1, attempt: 1 }, NOON);
    applyPlacement(state, ID, { kind: 'unknown', reason: 'timeout', retryAfterMs: null }, NOON, 0.5);
    applyFinding(state, ID, LIVE, at('12:01'));
    expect(state.inFlight[ID]).toMatchObject({ phase: 'live', checkAt: at('12:04'), deadlineAt: at('12:32') });
  });

  test.each([
    ['accepted long ago', at('11:50'), NOON],
    ['accepted just now', at('11:59'), at('12:02')],
  ])('and that another run adopts is looked up when it is older than usual: %s', (_, acceptedAt, checkAt) => {
    const state = campaignState();
    const call = { seq: 1, attempt: 1, day: '2026-03-18', sentAt: acceptedAt, acceptedAt, refusal: null, ended: null };
    const { spec, status, ending, placedByDay, roster } = state;
    const records = {
      spec,
      status,
      ending,
      placedByDay,
      groups: [],
      ...roster,
      lastExchange: 1,
      epoch: 2,
      unsettled: [call],
    };
    adopt(state, CAMPAIGN_ID, records, pacingFacts(), NOON);
    expect(state.inFlight[ID]?.checkAt).toBe(checkAt);
  });

  test('frees its slot in time, whatever is found and whenever: no budget and no silence keeps it for ever', () => {
    const finding = fc.constantFrom<LookUpFinding>(
      LIVE,
      QUEUED,
      UNKNOWN,
      { kind: 'unasked' },
      {
        kind: 'deferred',
        retryAfterMs: MINUTE,
      },
    );
    fc.assert(
      fc.property(
        fc.array(finding, { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        (findings, cancelsQueued, usualMinutes) => {
          const facts = { ...QUEUE, cancelsQueued, usualCallMs: usualMinutes * MINUTE };
          const state = withCallAt(NOON, facts);
          let asked = 0;
          const ends = lookUps(state, NOON, () => findings[asked++ % findings.length]!, NOON + 2 * HOUR);
          expect(state.settled).toMatchObject([{ outcome: 'lost' }]);
          expect(ends.length).toBeLessThan(400);
        },
      ),
    );
  });
});

describe('a call that may wait in the provider’s queue', () => {
  const LAST_DIAL = at('16:54:49');

  test('is looked up when its queue must be over, a request’s time before the window closes, and cancelled there', () => {
    const state = withCallAt(LAST_DIAL, QUEUE);
    const asked = lookUps(state, LAST_DIAL, () => QUEUED, at('17:00:30'));
    expect(asked).toEqual([
      { time: '16:58:00', urgent: false, cancels: false },
      { time: '16:59:00', urgent: false, cancels: false },
      { time: '16:59:50', urgent: false, cancels: true },
      // The provider did not cancel it.
      { time: '17:00:00', urgent: false, cancels: true },
      { time: '17:00:10', urgent: false, cancels: true },
      { time: '17:00:20', urgent: false, cancels: true },
      { time: '17:00:30', urgent: false, cancels: true },
    ]);
  });

  test.each<[string, LookUpFinding, string[]]>([
    ['was dialled', LIVE, ['16:58:00', '16:59:00', '17:01:00']],
    ['is in the queue, as far as was known before', UNKNOWN, ['16:58:00', '16:59:00', '16:59:50', '17:00:00']],
  ])('is not looked up for it again once it is known that it %s', (_, finding, expected) => {
    const state = withCallAt(LAST_DIAL, QUEUE);
    expect(times(lookUps(state, LAST_DIAL, () => finding, at('17:01:30'))).slice(0, expected.length)).toEqual(expected);
  });

  test('is not looked up at the close where the provider cancels nothing', () => {
    const state = withCallAt(LAST_DIAL, { ...QUEUE, cancelsQueued: false });
    const asked = lookUps(state, LAST_DIAL, () => QUEUED, at('17:02'));
    expect(times(asked)).toEqual(['16:58:00', '16:59:00', '17:01:00']);
    expect(asked.some(({ cancels }) => cancels)).toBe(false);
  });

  test('is looked up at the close also while the provider is in trouble', () => {
    const state = withCallAt(LAST_DIAL, QUEUE);
    state.breaker = { reason: 'unavailable:x', openUntil: at('18:00'), failures: 3, since: NOON, times: 3 };
    expect(times(lookUps(state, LAST_DIAL, () => QUEUED, at('16:59:55')))).toEqual(['16:59:50']);
  });

  test('has its time in the queue and no more if another run adopts it, which does not know its window', () => {
    const state = campaignState({ facts: pacingFacts(QUEUE) });
    const call = { seq: 1, attempt: 1, day: '2026-03-18', sentAt: NOON, acceptedAt: NOON, refusal: null, ended: null };
    const { spec, status, ending, placedByDay, roster } = state;
    const records = {
      spec,
      status,
      ending,
      placedByDay,
      groups: [],
      ...roster,
      lastExchange: 1,
      epoch: 2,
      unsettled: [call],
    };
    adopt(state, CAMPAIGN_ID, records, pacingFacts(QUEUE), NOON);
    const asked = lookUps(state, NOON, () => QUEUED, at('12:05'));
    expect(asked.at(-1)).toEqual({ time: '12:05:00', urgent: false, cancels: true });
  });

  test('is kept past its deadline for as long as a queue may last, and then cancelled', () => {
    const state = withCallAt(NOON, QUEUE);
    const asked = lookUps(state, NOON, () => QUEUED);
    expect(asked.filter(({ urgent, cancels }) => urgent || cancels)).toEqual([
      { time: '12:41:00', urgent: false, cancels: true },
    ]);
    expect(state.settled).toMatchObject([{ outcome: 'lost', at: at('12:41') }]);
  });

  test('is given up at its deadline where it is on the line by then', () => {
    const state = withCallAt(NOON, QUEUE);
    lookUps(state, NOON, () => LIVE);
    expect(state.settled).toMatchObject([{ outcome: 'lost', at: at('12:36') }]);
  });

  test('has the time of a call from when it is first seen on the line, and no more', () => {
    const state = withCallAt(NOON, QUEUE);
    const asked = lookUps(state, NOON, (now) => (now <= at('12:35') ? QUEUED : LIVE));
    expect(times(asked)).toEqual(expect.arrayContaining(['12:35:00', '12:40:00']));
    // Half an hour for the call, and the minute of grace.
    expect(state.settled).toMatchObject([{ outcome: 'lost', at: at('12:40') + 31 * MINUTE }]);
  });
});
