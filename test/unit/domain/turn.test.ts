/** One turn of the loop, by examples. `next-step.test.ts` has every decision, `commands.test.ts` what time alone does. */
import { describe, expect, test } from 'vitest';
import { createRun, takeOver, type CampaignRun } from '../../../domain/engine/campaign-run.ts';
import type { CampaignState } from '../../../domain/engine/campaign-state.ts';
import { newCampaign } from '../../../domain/engine/commands.ts';
import type { Step } from '../../../domain/engine/next-step.ts';
import type { RosterSnapshot } from '../../../domain/engine/roster.ts';
import { takeTurn } from '../../../domain/engine/turn.ts';
import {
  at,
  CAMPAIGN_ID,
  campaignSpec,
  campaignState,
  NOON,
  pacingFacts,
} from '../../support/factories/campaign-state.ts';

const SHORT_HISTORY = { continueAsNewSuggested: false, events: 10 };
const LONG_HISTORY = { continueAsNewSuggested: true, events: 5_000 };

function runWith(state: CampaignState, stated: Partial<CampaignRun> = {}): CampaignRun {
  const run = createRun({ campaignId: CAMPAIGN_ID, state, handlersFinished: () => true, hasRecords: true });
  return Object.assign(run, stated);
}

function turn(run: CampaignRun, now = NOON, history = SHORT_HISTORY): Step {
  return takeTurn(run, history, now, () => 0.5);
}

/** What the database has of a campaign in which two contacts wait. */
function records(stated: Partial<RosterSnapshot> = {}): RosterSnapshot {
  return {
    status: 'active',
    ending: null,
    spec: campaignSpec(),
    lastExchange: 3,
    epoch: 2,
    unsettled: [],
    placedByDay: {},
    buckets: { pending: 2, in_progress: 0, retrying: 0, completed: 0, failed: 0, skipped: 0 },
    groups: [{ group: 0, more: true, dueAt: null }],
    ...stated,
  };
}

describe('a run that starts after the end of the terms it was given', () => {
  const LATE = { ends_at: at('11:00') };

  /** Starts at noon, adopts, and takes the turn after that. */
  function afterAdoption(snapshot: RosterSnapshot): CampaignState {
    const run = runWith(newCampaign(campaignSpec(LATE), NOON), { hasRecords: false });
    expect(turn(run)).toMatchObject({ kind: 'adopt' });
    takeOver(run, snapshot, pacingFacts(), NOON);
    turn(run);
    return run.state;
  }

  test('goes on where an edit has moved the end', () => {
    const spec = campaignSpec({ ends_at: at('15:00') });
    expect(afterAdoption(records({ spec }))).toMatchObject({ ending: null, spec });
  });

  test('stays cancelled where the campaign was cancelled before that end', () => {
    const spec = campaignSpec(LATE);
    expect(afterAdoption(records({ spec, ending: 'cancelled' }))).toMatchObject({ ending: 'cancelled' });
  });

  test('lets the rest expire where nothing else is recorded', () => {
    expect(afterAdoption(records({ spec: campaignSpec(LATE) }))).toMatchObject({ ending: 'expired' });
  });
});

test('a run that was reset to before an edit of the end goes on, though it expired before it knew that it is not the owner', () => {
  const run = runWith(campaignState({ spec: { ends_at: at('11:00') } }));
  turn(run);
  expect(run.state.ending).toBe('expired');
  run.state.superseded = true;
  takeOver(run, records({ spec: campaignSpec({ ends_at: at('15:00') }) }), pacingFacts(), NOON);
  turn(run);
  expect(run.state.ending).toBeNull();
});

describe('a run that was given another start than the recorded one', () => {
  test.each<[string, number | null, number | null, Partial<CampaignState>]>([
    ['waits for the recorded one', null, at('15:00'), { status: 'scheduled', beginsAt: at('15:00') }],
    ['starts where the recorded one has passed', at('15:00'), at('11:00'), { status: 'active', beginsAt: at('11:00') }],
    ['starts where none is recorded', at('15:00'), null, { status: 'active', beginsAt: NOON }],
    ['waits for the same', at('15:00'), at('15:00'), { status: 'scheduled', beginsAt: at('15:00') }],
  ])('%s', (_, given, recorded, after) => {
    const run = runWith(newCampaign(campaignSpec({ scheduled_at: given }), NOON), { hasRecords: false });
    turn(run);
    const spec = campaignSpec({ scheduled_at: recorded });
    takeOver(run, records({ status: 'scheduled', spec }), pacingFacts(), NOON);
    turn(run);
    expect(run.state).toMatchObject(after);
  });
});

test('a run that lost the records lets nothing expire before it has read the terms again', () => {
  const run = runWith(campaignState({ spec: { ends_at: at('11:00') }, superseded: true }));
  expect(turn(run)).toMatchObject({ kind: 'adopt' });
  takeOver(run, records({ spec: campaignSpec({ ends_at: at('15:00') }) }), pacingFacts(), NOON);
  turn(run);
  expect(run.state.ending).toBeNull();
});

test('a long history starts a drain, and a run with nothing under way continues as new in the same turn', () => {
  expect(turn(runWith(campaignState({ ready: [{ seq: 1, attempt: 1 }] })), NOON, LONG_HISTORY)).toMatchObject({
    kind: 'continue_as_new',
  });
});
