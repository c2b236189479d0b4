import { CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBuckets } from '../../db/workflow-records.ts';
import {
  cancelUpdate,
  type PauseAcknowledgement,
  pauseAndWait,
  pauseSignal,
  resumeSignal,
  resumeUpdate,
} from '../../workflows/messages.ts';
import type { Campaign, WorkflowHarness } from '../support/harness/workflow-harness.ts';
import { runToEnd } from '../support/harness/server-clock.ts';
import { virtualEnv, virtualTimeHarness } from '../support/harness/virtual-time.ts';
import { AT_REST, PEOPLE, reaches, type State } from '../support/factories/states.ts';

let env: TestWorkflowEnvironment;
let harness: WorkflowHarness;
// A separate server for each: what one leaves unfinished would hold the clock of the next.
beforeEach(async () => {
  env = await virtualEnv();
  harness = await virtualTimeHarness(env);
});
afterEach(async () => {
  await harness.close();
  await env.teardown();
});

const status = async () => (await harness.pool.query('select status from campaigns')).rows[0].status;

/** From here on every call that is still to be placed completes, and those that were placed are found to have ended. */
function letCallsEnd(): void {
  const { provider } = harness;
  provider.script = () => ({ kind: 'ends', outcome: 'completed' });
  provider.lookUpScript = (callId) => {
    if (provider.accepted.has(callId)) provider.end(callId);
    return null;
  };
}

/** Pauses, and lets go afterwards what the state holds back. */
async function pause(campaign: Campaign, state: State): Promise<PauseAcknowledgement> {
  const asked = campaign.handle.executeUpdate(pauseAndWait);
  if (state.talking) {
    await reaches(campaign, { status: 'paused' });
    await state.release!(harness);
  }
  const answer = await asked;
  if (!state.talking) await state.release?.(harness);
  return answer;
}

const nobody = { pending: 0, in_progress: 0, retrying: 0, completed: 0, failed: 0, skipped: 0 };

describe.each(AT_REST)('a campaign $name', (state) => {
  it('is paused, places nothing in ten days, and goes on where it was', async () => {
    const campaign = await state.arrange(harness);

    const answer = await pause(campaign, state);

    expect([answer.live.length, answer.unknown.length]).toEqual([state.live, state.unknown]);
    expect(await status()).toBe('paused');
    expect(harness.provider.requests).toHaveLength(state.requests);
    letCallsEnd();
    await env.sleep('10d');
    expect(harness.provider.requests).toHaveLength(state.requests);
    await reaches(campaign, { status: 'paused', waiting_for: null, in_flight: 0 });

    const { status: resumed } = await campaign.handle.executeUpdate(resumeUpdate);
    expect(resumed).toBe('active');
    expect(await runToEnd(campaign)).toMatchObject({
      status: 'completed',
      buckets: { ...nobody, completed: PEOPLE },
    });
    expect(harness.provider.accepted.size).toBe(state.attempts);
  });

  it('is paused and resumed by signals', async () => {
    const campaign = await state.arrange(harness);
    await campaign.handle.signal(pauseSignal);
    await reaches(campaign, { status: 'paused' });
    await campaign.handle.signal(resumeSignal);
    await reaches(campaign, { status: state.resumed ?? 'active' });
    await state.release?.(harness);
    letCallsEnd();
    expect(await runToEnd(campaign)).toMatchObject({
      status: 'completed',
      buckets: { ...nobody, completed: PEOPLE },
    });
    expect(harness.provider.accepted.size).toBe(state.attempts);
  });

  it.each(['update', 'server’s cancel request'] as const)('ends by the $0 as cancelled', async (way) => {
    const campaign = await state.arrange(harness);
    if (way === 'update') await campaign.handle.executeUpdate(cancelUpdate);
    else await campaign.handle.cancel();
    await state.release?.(harness);
    letCallsEnd();
    const result = runToEnd(campaign);
    if (way === 'update') expect(await result).toMatchObject({ status: 'cancelled' });
    else await expect(result).rejects.toMatchObject({ cause: expect.any(CancelledFailure) });
    expect(harness.provider.requests).toHaveLength(state.requests);
    const called = harness.provider.accepted.size;
    const completed = state.name === 'waiting for a retry' ? 0 : called;
    expect(await readBuckets(harness.pool, campaign.id)).toEqual({ ...nobody, completed, skipped: PEOPLE - completed });
    expect(await status()).toBe('cancelled');
  });

  it('is cancelled while it is paused', async () => {
    const campaign = await state.arrange(harness);
    await pause(campaign, state);
    await campaign.handle.executeUpdate(cancelUpdate);
    letCallsEnd();
    expect(await runToEnd(campaign)).toMatchObject({ status: 'cancelled' });
    expect(harness.provider.requests).toHaveLength(state.requests);
  });
});
