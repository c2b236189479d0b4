import { WorkflowNotFoundError } from '@temporalio/client';
import { CancelledFailure, type UpdateDefinition } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readBuckets } from '../../db/workflow-records.ts';
import {
  cancelUpdate,
  editUpdate,
  pauseAndWait,
  pauseSignal,
  resumeSignal,
  resumeUpdate,
} from '../../workflows/messages.ts';
import { realTimeHarness, type RealTimeHarness } from '../support/harness/real-time.ts';
import type { Campaign, WorkflowHarness } from '../support/harness/workflow-harness.ts';
import { PEOPLE, PLACING, reaches, type State } from '../support/factories/states.ts';

let real: RealTimeHarness;
let harness: WorkflowHarness;
beforeEach(async () => {
  real = await realTimeHarness();
  ({ harness } = real);
});
afterEach(() => real.close());

/** Waits until the provider's answers to so many placements are in the database, and soon with the campaign. */
async function areLive(campaign: Campaign, count: number): Promise<void> {
  await vi.waitFor(async () => {
    const { rows } = await harness.pool.query('select 1 from calls where accepted_at is not null');
    expect(rows).toHaveLength(count);
  });
  await reaches(campaign, { in_flight: count, waiting_for: 'slot' });
}

/** Lets every call end, those that go out from here on by themselves, until the campaign has come so far. */
async function callsEndUntil(campaign: Campaign, progress: object): Promise<void> {
  const { provider } = harness;
  provider.script = () => ({ kind: 'ends', outcome: 'completed' });
  await vi.waitFor(async () => {
    if (provider.live().length > 0) await campaign.end(provider.live());
    expect(await campaign.progress()).toMatchObject(progress);
  });
}

/** Sends the pause, and lets go what the pause waits for once it has been taken up. */
async function pause(campaign: Campaign, state: State) {
  const asked = campaign.handle.executeUpdate(pauseAndWait);
  await reaches(campaign, { status: 'paused' });
  if (state.talking) await state.release?.(harness);
  return asked;
}

const nobody = { pending: 0, in_progress: 0, retrying: 0, completed: 0, failed: 0, skipped: 0 };
const everybody = { status: 'completed', buckets: { ...nobody, completed: PEOPLE } };

describe.each(PLACING)('a campaign $name', (state) => {
  it('names after a pause every call that is or may be live, and places no other', async () => {
    const campaign = await state.arrange(harness);
    const answer = await pause(campaign, state);
    const underWay = state.live + state.unknown;
    expect([...answer.live, ...answer.unknown].sort()).toEqual(
      Array.from({ length: underWay }, (_, index) => campaign.callId(index + 1)),
    );
    if (!state.talking) await state.release?.(harness);

    await callsEndUntil(campaign, { status: 'paused', in_flight: 0 });
    expect(harness.provider.requests).toHaveLength(state.requests);

    await campaign.handle.executeUpdate(resumeUpdate);
    expect(await campaign.handle.result()).toMatchObject(everybody);
    expect(harness.provider.accepted.size).toBe(PEOPLE);
  });

  it('goes on after a pause and a resume by signals', async () => {
    const campaign = await state.arrange(harness);
    await campaign.handle.signal(pauseSignal);
    await campaign.handle.signal(resumeSignal);
    await state.release?.(harness);
    await callsEndUntil(campaign, everybody);
    expect(harness.provider.accepted.size).toBe(PEOPLE);
  });

  it.each(['update', 'cancel request of the server'] as const)('ends as cancelled by the %s', async (way) => {
    const campaign = await state.arrange(harness);
    if (way === 'update') await campaign.handle.executeUpdate(cancelUpdate);
    else await campaign.handle.cancel();
    if (state.talking) await state.release?.(harness);
    await callsEndUntil(campaign, { status: 'cancelled' });
    const result = campaign.handle.result();
    if (way === 'update') expect(await result).toMatchObject({ status: 'cancelled' });
    else await expect(result).rejects.toMatchObject({ cause: expect.any(CancelledFailure) });
    const called = harness.provider.accepted.size;
    expect(called).toBe(state.requests);
    expect(await readBuckets(harness.pool, campaign.id)).toEqual({
      ...nobody,
      completed: called,
      skipped: PEOPLE - called,
    });
  });
});

describe('a pause that is not complete yet', () => {
  it('is not acknowledged when a resume overtakes it', async () => {
    const talking = PLACING.find((state) => state.talking)!;
    const campaign = await talking.arrange(harness);
    const asked = campaign.handle.executeUpdate(pauseAndWait);
    // Its failure may come before anybody awaits it.
    const answer = asked.catch((error: Error) => error);
    await reaches(campaign, { status: 'paused' });
    await campaign.handle.executeUpdate(resumeUpdate);
    await talking.release!(harness);
    expect(await answer).toMatchObject({ cause: { type: 'wrong_state' } });
    await callsEndUntil(campaign, everybody);
  });

  it('is acknowledged to one of two who ask at once', async () => {
    const campaign = await harness.start(PEOPLE, { max_concurrent_calls: 1 });
    await reaches(campaign, { in_flight: 1 });
    const answers = await Promise.allSettled([1, 2].map(() => campaign.handle.executeUpdate(pauseAndWait)));
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await campaign.handle.executeUpdate(resumeUpdate);
    await callsEndUntil(campaign, everybody);
  });
});

describe('a command under the id of one that was carried out', () => {
  it('is acknowledged with what is true now, and changes nothing', async () => {
    const campaign = await harness.start(PEOPLE, { max_concurrent_calls: 2 });
    await areLive(campaign, 2);
    // As a gateway does to which no worker answered in time; asking again is not refused because the campaign is paused.
    await campaign.handle.signal(pauseSignal, 'pause-1');
    await reaches(campaign, { status: 'paused' });
    const again = await campaign.handle.executeUpdate(pauseAndWait, { updateId: 'pause-1' });
    expect([...again.live].sort()).toEqual([campaign.callId(1), campaign.callId(2)]);

    await campaign.handle.signal(resumeSignal, 'resume-1');
    await reaches(campaign, { status: 'active' });
    const edit = { change: { max_concurrent_calls: 1 }, terms: { max_concurrent_calls: 1 } };
    await campaign.handle.executeUpdate(editUpdate, { args: [edit], updateId: 'resume-1' });
    expect(await campaign.progress()).toMatchObject({ status: 'active', max_concurrent_calls: 2 });
    await callsEndUntil(campaign, everybody);
  });
});

describe('a command in the wrong state', () => {
  const refusals = async (campaign: Campaign, commands: readonly UpdateDefinition<unknown>[]) => {
    for (const command of commands) {
      await expect(campaign.handle.executeUpdate(command)).rejects.toMatchObject({ cause: { type: 'wrong_state' } });
    }
  };

  /** A refused update is nowhere to be found in the history; one that was taken is. */
  const updates = async (campaign: Campaign) => {
    const { events } = await campaign.handle.fetchHistory();
    return events!.flatMap(({ workflowExecutionUpdateAcceptedEventAttributes: accepted }) =>
      accepted ? [accepted.acceptedRequest!.input!.name] : [],
    );
  };

  it('is refused and leaves no trace', async () => {
    const campaign = await harness.start(PEOPLE, { max_concurrent_calls: 2 });
    await areLive(campaign, 2);
    await refusals(campaign, [resumeUpdate]);
    expect(await updates(campaign)).toEqual([]);

    await campaign.handle.executeUpdate(pauseAndWait);
    await refusals(campaign, [pauseAndWait]);
    expect(await updates(campaign)).toEqual(['pauseAndWait']);

    await campaign.handle.executeUpdate(cancelUpdate);
    await refusals(campaign, [pauseAndWait, resumeUpdate, cancelUpdate]);
    expect(await updates(campaign)).toEqual(['pauseAndWait', 'cancel']);

    await callsEndUntil(campaign, { status: 'cancelled' });
    await campaign.handle.result();
    await expect(campaign.handle.executeUpdate(cancelUpdate)).rejects.toBeInstanceOf(WorkflowNotFoundError);
  });

  it('is refused also as an edit to a zone that nobody knows, sent past the API', async () => {
    const campaign = await harness.start(PEOPLE, { max_concurrent_calls: 2 });
    await areLive(campaign, 2);
    const edit = { change: { schedule: { timezone: 'Atlantis/Capital' } }, terms: { timezone: 'Atlantis/Capital' } };
    await expect(campaign.handle.executeUpdate(editUpdate, { args: [edit] })).rejects.toMatchObject({
      cause: { type: 'validation_error', details: [{ field: 'timezone' }] },
    });
    // Whether there is such a zone is asked when the edit's turn has come.
    expect(await updates(campaign)).toEqual(['edit']);
    await callsEndUntil(campaign, everybody);
  });

  it.each<[string, object]>([
    ['writes down something else than it does', { change: { max_concurrent_calls: 1 }, terms: {} }],
    ['does something else than it writes down', { change: {}, terms: { timezone: 'Asia/Tokyo' } }],
    ['writes down what is no term', { change: {}, terms: { status: 'completed' } }],
    ['writes down what nobody can read', { change: {}, terms: { retry_delay_minutes: 'soon' } }],
  ])('is refused also as an edit made by hand that %s', async (_, edit) => {
    const campaign = await harness.start(PEOPLE, { max_concurrent_calls: 2 });
    await areLive(campaign, 2);
    const sent = campaign.handle.executeUpdate('edit', { args: [edit] });
    await expect(sent).rejects.toMatchObject({ cause: { type: 'validation_error' } });
    expect(await updates(campaign)).toEqual([]);
    await callsEndUntil(campaign, everybody);
  });

  it('changes nothing as a signal', async () => {
    const campaign = await harness.start(PEOPLE, { max_concurrent_calls: 2 });
    await areLive(campaign, 2);
    await campaign.handle.signal(resumeSignal);
    for (let time = 0; time < 2; time += 1) await campaign.handle.signal(pauseSignal);
    await reaches(campaign, { status: 'paused', in_flight: 2 });
    await campaign.handle.executeUpdate(resumeUpdate);
    await callsEndUntil(campaign, everybody);
  });
});
