/** What a change of the terms does to a running campaign, by examples. */
import { newGroup } from '../../../domain/engine/groups.ts';
import { describe, expect, test } from 'vitest';
import type { CampaignState } from '../../../domain/engine/campaign-state.ts';
import { applyEdit, editRefusal, type Recount } from '../../../domain/engine/editing.ts';
import type { SpecChange } from '../../../domain/engine/spec-change.ts';
import {
  at,
  callIdOf,
  callInFlight,
  campaignState,
  NOON,
  type StatedCampaign,
  TODAY,
} from '../../support/factories/campaign-state.ts';

const asEdit = (change: SpecChange) => ({ change, terms: {} });

function edited(change: SpecChange, stated: StatedCampaign = {}, recount: Recount | null = null): CampaignState {
  const state = campaignState(stated);
  applyEdit(state, asEdit(change), recount, NOON);
  return state;
}

describe('an edit', () => {
  const TO_BEGIN: StatedCampaign = { status: 'scheduled', beginsAt: at('15:00'), spec: { scheduled_at: at('15:00') } };
  const NO_RETRIES: SpecChange = { retry: { budget: 0 } };
  const AT_HAND = [
    { seq: 1, attempt: 1 },
    { seq: 2, attempt: 2 },
  ];

  test.each<[string, SpecChange, StatedCampaign, Partial<CampaignState>]>([
    [
      'of the hours forgets the window: the next one is asked for',
      { schedule: { end_time: '18:00' } },
      {},
      { groups: [newGroup(0)] },
    ],
    ['of the start moves it', { scheduled_at: at('16:00') }, TO_BEGIN, { beginsAt: at('16:00') }],
    [
      'to fewer retries gives those at hand back to the roster, which ends them',
      NO_RETRIES,
      { ready: AT_HAND },
      { ready: [{ seq: 1, attempt: 1 }], released: [{ seq: 2, attempt: 2 }], endRetriesAfter: 0 },
    ],
    [
      'to more retries ends none',
      { retry: { budget: 3 } },
      { ready: AT_HAND },
      { ready: AT_HAND, released: [], endRetriesAfter: null },
    ],
  ])('%s', (_, change, stated, expected) => {
    expect(edited(change, stated)).toMatchObject(expected);
  });

  test('of the limits keeps the window', () => {
    expect(edited({ max_concurrent_calls: 3 }).window).toEqual(campaignState().window);
  });

  test('to fewer retries leaves one that is in flight to the records, if it was not placed', () => {
    const state = edited(NO_RETRIES, { calls: [callInFlight({ attempt: 2 }), callInFlight({ seq: 2 })] });
    expect([state.inFlight[callIdOf(1, 2)]?.retryInDoubt, state.inFlight[callIdOf(2)]?.retryInDoubt]).toEqual([
      true,
      undefined,
    ]);
  });

  test('of the time zone counts the calls by the days of that zone', () => {
    const day = { date: TODAY, startsAt: at('00:00'), endsAt: at('24:00'), placed: 12 };
    // The first of these calls is in the records already, and the second is not.
    const calls = [callInFlight(), callInFlight({ seq: 2 })];
    const recount: Recount = { days: [day], counted: [callIdOf(1)] };
    expect(edited({ schedule: { timezone: 'Asia/Kathmandu' } }, { calls }, recount).placedByDay).toEqual({
      [TODAY]: 13,
    });
  });

  test('is kept until the database has been told, beside one before it', () => {
    const state = campaignState();
    applyEdit(state, { change: { max_concurrent_calls: 3 }, terms: { max_concurrent_calls: 3 } }, null, NOON);
    applyEdit(state, { change: { max_calls_per_day: 50 }, terms: { max_calls_per_day: 50 } }, null, NOON);
    expect(state.pendingTerms).toEqual({ max_concurrent_calls: 3, max_calls_per_day: 50 });
  });
});

describe('an edit is refused', () => {
  test.each<[string, SpecChange, StatedCampaign, string | null]>([
    ['once the campaign is over', { max_concurrent_calls: 3 }, { status: 'completed' }, 'wrong_state'],
    ['while it is ending', { max_concurrent_calls: 3 }, { ending: 'cancelled' }, 'wrong_state'],
    [
      'that moves the start of a campaign that has begun',
      { scheduled_at: at('16:00') },
      { spec: { scheduled_at: at('11:00') }, beginsAt: at('11:00') },
      'wrong_state',
    ],
    [
      'that ends a campaign before it starts',
      { ends_at: at('14:00') },
      { status: 'scheduled', beginsAt: at('15:00'), spec: { scheduled_at: at('15:00') } },
      'validation_error',
    ],
    [
      'not where it moves the start of one that has not begun',
      { scheduled_at: at('16:00') },
      { status: 'scheduled', beginsAt: at('15:00'), spec: { scheduled_at: at('15:00') } },
      null,
    ],
    ['not while it is paused', { max_concurrent_calls: 3 }, { status: 'paused' }, null],
    ['not while calls are live', { max_concurrent_calls: 0 }, { calls: [callInFlight()] }, null],
  ])('%s', (_, change, stated, code) => {
    expect(editRefusal(campaignState(stated), asEdit(change), NOON)?.code ?? null).toBe(code);
  });
});
