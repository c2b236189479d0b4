/** What a campaign does under a stop by an administrator: it holds everything, and asks ever more rarely. */
import { describe, expect, it } from 'vitest';
import { processInbox } from '../../../domain/engine/campaign-run.ts';
import { applyPlacement } from '../../../domain/engine/placement-results.ts';
import { startDials } from '../../../domain/engine/starting-calls.ts';
import { applyCommand } from '../../../domain/engine/commands.ts';
import { waitingAt } from '../../../domain/engine/gates.ts';
import { noteStop } from '../../../domain/engine/stop-wait.ts';
import {
  callIdOf,
  callInFlight,
  campaignState,
  CAMPAIGN_ID,
  MINUTE,
  NOON,
  SECOND,
  TODAY,
} from '../../support/factories/campaign-state.ts';
import { idleRun, stepOf, workOf } from '../../support/factories/steps.ts';

const CONTACTS = [1, 2, 3].map((seq) => ({ seq, attempt: 1 }));
const STOP = { askAt: NOON + 5 * SECOND, asked: 0 };

/** A campaign of which a dial was refused because of a stop. */
function refusedByStop() {
  const state = campaignState({ ready: [...CONTACTS] });
  startDials(state, CAMPAIGN_ID, { place: CONTACTS, repeat: [] }, NOON);
  for (const { seq } of CONTACTS) applyPlacement(state, callIdOf(seq), { kind: 'stopped' }, NOON, 0.5);
  return state;
}

it('a dial that a stop refuses uses up no attempt, no unit and no slot', () => {
  const state = refusedByStop();
  expect(state.inFlight).toEqual({});
  expect(state.placedByDay[TODAY]).toBe(0);
  expect(state.ready.map(({ seq, attempt }) => `${seq}.${attempt}`).toSorted()).toEqual(['1.1', '2.1', '3.1']);
  expect(state.settled).toEqual([]);
});

it('holds everything until it asks again', () => {
  const state = refusedByStop();
  const work = workOf(state, NOON);
  expect(work).toMatchObject({ place: [], repeat: [], waiting: { for: 'stopped', until: null } });
  state.lastSync = { ...state.lastSync, waitingFor: 'stopped', until: null };
  expect(workOf(state, NOON)).toMatchObject({ exchange: null, wakeAt: NOON + 5 * SECOND });
  expect(workOf(state, NOON + 5 * SECOND)).toMatchObject({ exchange: { want: 0 } });
});

describe('is the first gate', () => {
  it.each([
    ['of an active campaign', { ready: CONTACTS }, 'stopped'],
    ['outside the hours', { ready: CONTACTS, window: null, day: null, askWindowAgainAt: NOON + MINUTE }, 'stopped'],
    ['before the start', { status: 'scheduled', beginsAt: NOON + MINUTE }, 'stopped'],
    ['but of no paused campaign', { status: 'paused', ready: CONTACTS }, null],
    ['nor of one that is ending', { ending: 'cancelled', ready: CONTACTS }, null],
    ['nor of one with nobody left', { ready: [] }, null],
  ] as const)('%s', (_, stated, gate) => {
    const state = campaignState({ ...stated, stop: STOP, ready: [...('ready' in stated ? stated.ready : [])] });
    expect(waitingAt(state, NOON).for).toBe(gate);
  });
});

it('a paused campaign asks nothing, and holds when it is resumed', () => {
  const state = campaignState({ status: 'paused', ready: [...CONTACTS], stop: STOP });
  expect(workOf(state, NOON + MINUTE).exchange).toBeNull();
  applyCommand(state, 'resume', NOON + MINUTE);
  expect(workOf(state, NOON + MINUTE)).toMatchObject({ place: [], waiting: { for: 'stopped' } });
});

it('ends with nobody left, under a stop as well', () => {
  expect(stepOf(campaignState({ ready: [], stop: STOP }), NOON).kind).toBe('finish');
});

it('follows its live calls meanwhile', () => {
  const state = campaignState({ ready: [...CONTACTS], stop: STOP, calls: [callInFlight({ checkAt: NOON })] });
  expect(workOf(state, NOON).lookUp).toEqual([callIdOf(1)]);
});

it('needs no share of its connection', () => {
  const state = campaignState({ ready: [...CONTACTS], stop: STOP });
  state.sharedLimits = [{ id: 'clinic', share: null }];
  expect(workOf(state, NOON).report).toMatchObject({ need: 0 });
});

describe('an exchange', () => {
  it('that finds no stop ends the hold', () => {
    const state = campaignState({ ready: [...CONTACTS], stop: STOP });
    noteStop(state, false, NOON, NOON);
    expect(workOf(state, NOON).place).toHaveLength(3);
  });

  it('is asked after pauses that double to a quarter of an hour', () => {
    const state = campaignState({ ready: [...CONTACTS], stop: STOP });
    const pauses = Array.from({ length: 10 }, () => {
      const askedAt = state.stop!.askAt;
      noteStop(state, true, askedAt, askedAt);
      return (state.stop!.askAt - askedAt) / SECOND;
    });
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
  });

  it('that began before the campaign was told does not answer the question', () => {
    const state = campaignState({ ready: [...CONTACTS], stop: { askAt: NOON + 10 * MINUTE, asked: 7 } });
    const run = idleRun(state, { inbox: [{ kind: 'stops_changed' }] });
    processInbox(run, NOON, () => 0.5);
    noteStop(state, true, NOON - SECOND, NOON + SECOND);
    expect(workOf(state, NOON + SECOND).exchange).not.toBeNull();
  });
});

it('a campaign that is told asks at once, and places nothing until the answer', () => {
  const state = campaignState({ ready: [...CONTACTS] });
  const run = idleRun(state, { inbox: [{ kind: 'stops_changed' }] });
  processInbox(run, NOON, () => 0.5);
  expect(workOf(state, NOON)).toMatchObject({ place: [], exchange: { want: 0 } });
});
