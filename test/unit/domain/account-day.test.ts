/** The limit of calls per day of an account: which dials it holds, and how a campaign waits for the next day. */
import { describe, expect, it } from 'vitest';
import { type CountedCall, heldUntilNextDay, unitsLeft } from '../../../domain/dialling/account-day.ts';
import { accountHasRoom } from '../../../domain/engine/account-wait.ts';
import { applyPlacement } from '../../../domain/engine/placement-results.ts';
import { startDials } from '../../../domain/engine/starting-calls.ts';
import { waitingAt } from '../../../domain/engine/gates.ts';
import { surveyInFlight } from '../../../domain/engine/in-flight.ts';
import { dialsNow, wakeAt } from '../../../domain/engine/pacing.ts';
import { reportNow } from '../../../domain/engine/share-report.ts';
import { CAMPAIGN_ID, campaignState, HOUR, MINUTE, NOON, TODAY } from '../../support/factories/campaign-state.ts';

const DAY = { date: TODAY, endsAt: NOON + 12 * HOUR };
const MARGIN = MINUTE;
const FIRST: CountedCall = { mayBeSent: false, countedOn: null };
const limited = (placed: Readonly<Record<string, number>>) => ({ limit: 3, timezone: 'UTC', placed });
const full = limited({ [TODAY]: 3 });

describe('a dial of an account with a limit of calls per day', () => {
  it.each<[string, boolean, Parameters<typeof heldUntilNextDay>]>([
    ['passes on a day without calls', false, [limited({}), DAY, FIRST, MARGIN, NOON]],
    ['takes the last unit', false, [limited({ [TODAY]: 2 }), DAY, FIRST, MARGIN, NOON]],
    ['is held when the day is full', true, [full, DAY, FIRST, MARGIN, NOON]],
    ['is held above a lowered limit', true, [limited({ [TODAY]: 9 }), DAY, FIRST, MARGIN, NOON]],
    ['does not count the calls of other days', false, [limited({ '2026-03-17': 9 }), DAY, FIRST, MARGIN, NOON]],
    ['passes right before the margin', false, [limited({}), DAY, FIRST, MARGIN, DAY.endsAt - MARGIN - 1]],
    ['is held within the margin', true, [limited({}), DAY, FIRST, MARGIN, DAY.endsAt - MARGIN]],
    ['is repeated on a full day', false, [full, DAY, { mayBeSent: true, countedOn: TODAY }, MARGIN, NOON]],
    ['is not repeated on another day', true, [limited({}), DAY, { mayBeSent: true, countedOn: '2026-03-17' }, 0, NOON]],
    ['is not repeated if it counts nowhere', true, [limited({}), DAY, { mayBeSent: true, countedOn: null }, 0, NOON]],
  ])('%s', (_, held, given) => {
    expect(heldUntilNextDay(...given)).toBe(held ? DAY.endsAt : null);
  });

  it('has no units left where every dial is held', () => {
    expect(unitsLeft(limited({ [TODAY]: 1 }), DAY, MARGIN, NOON)).toBe(2);
    expect(unitsLeft(full, DAY, MARGIN, NOON)).toBe(0);
    expect(unitsLeft(limited({}), DAY, MARGIN, DAY.endsAt - MARGIN)).toBe(0);
  });
});

describe('a campaign whose dial is held until the next day of its account', () => {
  const contacts = [1, 2, 3].map((seq) => ({ seq, attempt: 1 }));

  /** Two placements were under way when the last unit was taken. */
  function held(until: number) {
    const state = campaignState({
      ready: contacts,
      spec: { max_concurrent_calls: 2 },
      sharedLimits: [{ id: 'clinic', share: { revision: 1, share: 2, held: 2, report: 1, need: 2, reportedAt: NOON } }],
    });
    const ids = startDials(state, CAMPAIGN_ID, { place: contacts.slice(0, 2), repeat: [] }, NOON);
    for (const id of ids) applyPlacement(state, id, { kind: 'next_day', until }, NOON, 0);
    return state;
  }

  const placed = (state: ReturnType<typeof held>, now: number) =>
    dialsNow(state, surveyInFlight(state, now), now).place.length;

  it('waits for it without an attempt, without a unit of the daily cap, and without its share', () => {
    const state = held(NOON + HOUR);
    expect(state.ready).toHaveLength(3);
    expect(state.ready.every(({ attempt }) => attempt === 1)).toBe(true);
    expect(state.placedByDay[TODAY]).toBe(0);
    expect(waitingAt(state, NOON)).toEqual({ for: 'account', until: NOON + HOUR });
    expect(placed(state, NOON)).toBe(0);
    expect(reportNow(state, 0, NOON)).toMatchObject({ need: 0 });
  });

  it('sleeps until then, and goes on', () => {
    const state = held(NOON + HOUR);
    expect(wakeAt(state, surveyInFlight(state, NOON), waitingAt(state, NOON), NOON)).toBe(NOON + HOUR);
    expect(placed(state, NOON + HOUR - 1)).toBe(0);
    expect(placed(state, NOON + HOUR)).toBe(2);
  });

  it('waits a moment if its own clock says that the day has begun', () => {
    expect(waitingAt(held(NOON - HOUR), NOON)).toEqual({ for: 'account', until: NOON + 1_000 });
  });

  it('goes on when it is told that the account has room', () => {
    const state = held(NOON + HOUR);
    accountHasRoom(state);
    expect(placed(state, NOON)).toBe(2);
  });
});
