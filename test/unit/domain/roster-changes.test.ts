/** What a running campaign does about people who come and go, by examples. */
import { describe, expect, test } from 'vitest';
import type { CampaignRun, InboxMessage } from '../../../domain/engine/campaign-run.ts';
import type { CampaignState } from '../../../domain/engine/campaign-state.ts';
import { currentDetails } from '../../../domain/engine/current-details.ts';
import type { Step } from '../../../domain/engine/next-step.ts';
import type { ExchangeReply } from '../../../domain/engine/roster.ts';
import { applyEnd, exchangeRequest, liveBuckets } from '../../../domain/engine/settling.ts';
import type { Buckets } from '../../../domain/engine/tally.ts';
import { takeTurn } from '../../../domain/engine/turn.ts';
import {
  callIdOf,
  callInFlight,
  CAMPAIGN_ID,
  campaignState,
  NOON,
  SECOND,
  type StatedCampaign,
} from '../../support/factories/campaign-state.ts';
import { idleRun } from '../../support/factories/steps.ts';

const NOBODY: Buckets = { pending: 0, in_progress: 0, retrying: 0, completed: 0, failed: 0, skipped: 0 };
const CHANGED: InboxMessage = { kind: 'contacts_changed' };

function turn(run: CampaignRun, now = NOON, ...messages: InboxMessage[]): Step {
  run.inbox.push(...messages);
  return takeTurn(run, { continueAsNewSuggested: false, events: 10 }, now, () => 0.5);
}

/** The answer to the exchange that begins now, as it is when the database has said `reply`. */
function exchanged(
  { state }: CampaignRun,
  now: number,
  reply: Partial<Extract<ExchangeReply, { kind: 'exchanged' }>> = {},
): InboxMessage {
  const request = exchangeRequest(state, CAMPAIGN_ID, { want: 10 }, { for: null, until: null }, null, now);
  const view = { buckets: state.roster.buckets, groups: [] };
  const answer = { kind: 'exchanged', claimed: [], events: [], retriesEndedUpTo: null, ...view, ...reply } as const;
  return { kind: 'exchanged', request, reply: answer };
}

/** Everybody was called some time ago. */
function allCalled(stated: StatedCampaign = {}): CampaignState {
  return campaignState({
    ...stated,
    roster: { buckets: { ...NOBODY, completed: 3 }, countedAt: NOON - 60 * SECOND, ...stated.roster },
  });
}

describe('a campaign that has called everybody', () => {
  test('ends', () => {
    expect(turn(idleRun(allCalled()))).toMatchObject({ kind: 'finish', status: 'completed' });
  });

  test('waits for more if it is open-ended, without a time to wake up at, and says so to people', () => {
    const run = idleRun(allCalled({ spec: { open_ended: true } }));
    expect(turn(run)).toMatchObject({
      kind: 'work',
      exchange: null,
      wakeAt: null,
      waiting: { for: null, until: null },
    });
    expect(currentDetails(run.state, run.waiting, NOON)).toContain('open-ended; waits for contacts to be added');
  });

  test('that is open-ended ends when its terms say otherwise, when it is cancelled, and at its end', () => {
    const edited = idleRun(allCalled({ spec: { open_ended: false } }));
    expect(turn(edited)).toMatchObject({ kind: 'finish' });
    const cancelled = idleRun(allCalled({ spec: { open_ended: true }, ending: 'cancelled' }));
    expect(turn(cancelled)).toMatchObject({ kind: 'close', reason: 'cancelled' });
    const expired = idleRun(allCalled({ spec: { open_ended: true, ends_at: NOON } }));
    expect(turn(expired)).toMatchObject({ kind: 'work', exchange: { want: 0 } });
    expect(expired.state.ending).toBe('expired');
  });

  test('looks at its roster before it ends if it was told of people, and claims them at once', () => {
    const run = idleRun(allCalled());
    expect(turn(run, NOON, CHANGED)).toMatchObject({ kind: 'work', exchange: { want: 50 } });
    const claimed = [{ seq: 4, attempt: 1 }];
    expect(turn(run, NOON, exchanged(run, NOON, { claimed, buckets: { ...NOBODY, pending: 1 } }))).toMatchObject({
      kind: 'work',
      place: claimed,
    });
    expect(run.state.rosterChanges).toBe(0);
  });

  test('ends after it has looked and found nobody', () => {
    const run = idleRun(allCalled());
    turn(run, NOON, CHANGED);
    expect(turn(run, NOON, exchanged(run, NOON))).toMatchObject({ kind: 'finish' });
  });

  test.each(['paused', 'scheduled'] as const)('looks while it is %s, and claims nobody', (status) => {
    const beginsAt = status === 'scheduled' ? NOON + 60 * SECOND : NOON;
    const run = idleRun(allCalled({ status, beginsAt }));
    expect(turn(run, NOON, CHANGED)).toMatchObject({ kind: 'work', exchange: { want: 0 } });
  });
});

describe('the end of a campaign is recorded', () => {
  test.each([
    ['recorded', { status: 'completed', superseded: false, rosterChanges: 0 }],
    ['superseded', { status: 'active', superseded: true, rosterChanges: 0 }],
    ['contacts_wait', { status: 'active', superseded: false, rosterChanges: 1 }],
  ] as const)('or not: %s', (result, after) => {
    const state = allCalled();
    applyEnd(state, 'completed', result);
    expect(state).toMatchObject(after);
  });

  test('not while people wait: the campaign looks at its roster and goes on', () => {
    const run = idleRun(allCalled());
    expect(turn(run)).toMatchObject({ kind: 'finish' });
    applyEnd(run.state, 'completed', 'contacts_wait');
    expect(turn(run)).toMatchObject({ kind: 'work', exchange: { want: 50 } });
  });
});

describe('many changes in a row', () => {
  test('share one exchange: the next one follows two seconds after the last', () => {
    const run = idleRun(allCalled({ roster: { countedAt: NOON } }));
    const soon = NOON + 2 * SECOND;
    expect(turn(run, NOON, CHANGED)).toMatchObject({ kind: 'work', exchange: null, wakeAt: soon });
    expect(turn(run, NOON + SECOND, CHANGED, CHANGED)).toMatchObject({ exchange: null, wakeAt: soon });
    expect(turn(run, soon)).toMatchObject({ exchange: { want: 50 } });
  });

  test('are looked for again if one was announced while the exchange was under way', () => {
    const run = idleRun(allCalled());
    turn(run, NOON, CHANGED);
    const answer = exchanged(run, NOON);
    expect(turn(run, NOON + SECOND, CHANGED, answer)).toMatchObject({ exchange: null, wakeAt: NOON + 3 * SECOND });
    expect(turn(run, NOON + 3 * SECOND)).toMatchObject({ exchange: { want: 50 } });
  });

  test('do not make a campaign claim that has enough at hand', () => {
    const ready = Array.from({ length: 60 }, (_, index) => ({ seq: index + 1, attempt: 1 }));
    const buckets = { ...NOBODY, pending: 60 };
    const run = idleRun(campaignState({ ready, roster: { buckets, countedAt: NOON - 60 * SECOND }, breaker: null }));
    expect(turn(run, NOON, CHANGED)).toMatchObject({ exchange: { want: 0 } });
  });
});

describe('contacts that were taken out', () => {
  const pending = { ...NOBODY, pending: 3 };

  test('are dropped wherever the campaign holds them, and each answer counts them once', () => {
    const state = campaignState({
      ready: [
        { seq: 2, attempt: 1 },
        { seq: 3, attempt: 1 },
      ],
      calls: [callInFlight({ phase: 'placing' })],
      roster: { buckets: pending },
    });
    const run = idleRun(state);
    const buckets = { ...NOBODY, pending: 1, skipped: 2 };
    run.inbox.push(exchanged(run, NOON, { buckets, takenOut: [1, 3] }));
    turn(run);
    expect(state.ready).toEqual([{ seq: 2, attempt: 1 }]);
    expect(liveBuckets(state)).toEqual(buckets);
    turn(run, NOON, { kind: 'placed', callId: callIdOf(1), result: { kind: 'removed' } });
    expect(state.inFlight).toEqual({});
    expect(liveBuckets(state)).toEqual(buckets);
  });

  test('are held once if they are claimed again while they are at hand, or being placed', () => {
    const first = { seq: 1, attempt: 1 };
    const second = { seq: 2, attempt: 1 };
    const state = campaignState({
      ready: [second],
      calls: [callInFlight({ phase: 'placing' })],
      roster: { buckets: { ...NOBODY, pending: 3 } },
    });
    const run = idleRun(state);
    const third = { seq: 3, attempt: 1, isDue: true };
    const claimed = [{ ...first, isDue: true }, { ...second, isDue: true }, third];
    state.breaker = { reason: 'throttled', openUntil: NOON + SECOND, failures: 1, since: NOON, times: 1 };
    turn(run, NOON, exchanged(run, NOON, { buckets: { ...NOBODY, pending: 3 }, takenOut: [1], claimed }));
    expect(state.ready).toEqual([third, second]);
    expect(liveBuckets(state)).toEqual({ ...NOBODY, pending: 2, in_progress: 1 });
  });

  test('may be met by the dial first: the campaign looks again before it ends', () => {
    const state = campaignState({
      calls: [callInFlight({ phase: 'placing' })],
      roster: { buckets: { ...NOBODY, pending: 1 }, countedAt: NOON - 60 * SECOND },
    });
    const run = idleRun(state);
    const removed: InboxMessage = { kind: 'placed', callId: callIdOf(1), result: { kind: 'removed' } };
    expect(turn(run, NOON, removed)).toMatchObject({ kind: 'work', exchange: { want: 50 } });
    expect(liveBuckets(state)).toEqual({ ...NOBODY, pending: 1 });
    expect(turn(run, NOON, exchanged(run, NOON, { buckets: { ...NOBODY, skipped: 1 } }))).toMatchObject({
      kind: 'finish',
    });
    expect(liveBuckets(state)).toEqual({ ...NOBODY, skipped: 1 });
  });

  test('are not settled, although something was known of them', () => {
    const unplaced = { outcome: null, at: NOON, retryAt: null, synced: false, since: NOON, eventId: null };
    const run = idleRun(
      campaignState({
        settled: [{ seq: 1, attempt: 1, to: 'failed', reason: 'invalid', ...unplaced }],
        roster: { buckets: { ...NOBODY, pending: 1 } },
      }),
    );
    // The exchange began before it was known.
    const answer = exchanged({ ...run, state: campaignState() }, NOON, {
      buckets: { ...NOBODY, skipped: 1 },
      takenOut: [1],
    });
    turn(run, NOON, answer);
    expect(run.state.settled).toEqual([]);
    expect(liveBuckets(run.state)).toEqual({ ...NOBODY, skipped: 1 });
  });
});
