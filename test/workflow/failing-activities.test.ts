/** Activities that fail in a way that the server does not repeat: the campaign waits or tries again, and never fails. */
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Activities } from '../../activities/index.ts';
import { controlOverTemporal } from '../../client/temporal/control-over-temporal.ts';
import { editOverTemporal } from '../../client/temporal/edit-over-temporal.ts';
import { runToEnd } from '../support/harness/server-clock.ts';
import type { Campaign, WorkflowHarness } from '../support/harness/workflow-harness.ts';
import { virtualEnv, virtualTimeHarness } from '../support/harness/virtual-time.ts';

let env: TestWorkflowEnvironment;
let harness: WorkflowHarness;
beforeAll(async () => {
  env = await virtualEnv();
});
afterEach(() => harness.close());
afterAll(() => env.teardown());

const final = (type: string) => ApplicationFailure.create({ type, message: 'as told', nonRetryable: true });

/** Fails so many times before it does its work. */
function failing<A extends unknown[], R>(times: number, real: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  let left = times;
  return async (...args) => {
    if (left > 0) {
      left -= 1;
      throw final('internal');
    }
    return real(...args);
  };
}

const whenHeld = (campaign: Campaign) =>
  vi.waitFor(async () =>
    expect(await campaign.progress()).toMatchObject({
      status: 'active',
      waiting_for: 'window',
      until: null,
    }),
  );

/** Workers do not know these zones. */
const unknown = (zones: readonly string[]) => (real: Activities) => ({
  callingWindow: async (request: Parameters<Activities['callingWindow']>[0]) => {
    if (zones.includes(request.schedule.timezone)) throw final('validation_error');
    return real.callingWindow(request);
  },
  recountDays: async (request: Parameters<Activities['recountDays']>[0]) => {
    if (zones.includes(request.timezone)) throw final('validation_error');
    return real.recountDays(request);
  },
});

describe('a campaign', () => {
  it.each(['openRoster', 'exchange', 'recordStatus'] as const)(
    'goes on after %s has failed for good, three times: nobody is called twice',
    async (name) => {
      harness = await virtualTimeHarness(env, {
        failing: (real) => ({ [name]: failing(3, real[name] as (...args: unknown[]) => Promise<unknown>) }),
      });
      const { provider } = harness;
      provider.script = () => ({ kind: 'ends', outcome: 'completed' });
      const campaign = await harness.start(2);
      expect(await runToEnd(campaign)).toMatchObject({ status: 'completed' });
      expect(provider.accepted.size).toBe(2);
    },
  );

  it('whose hours no worker can compute calls nobody, hears commands, and goes on when the hours are changed', async () => {
    harness = await virtualTimeHarness(env, { failing: unknown(['Pacific/Kiritimati']) });
    const campaign = await harness.start(1, { timezone: 'Pacific/Kiritimati' });
    await whenHeld(campaign);
    const client = { ...controlOverTemporal(harness.client), ...editOverTemporal(harness.client) };
    expect(await client.pause(campaign.id)).toMatchObject({ acknowledged: true });
    expect(await client.resume(campaign.id)).toMatchObject({ acknowledged: true });
    await whenHeld(campaign);
    expect(harness.provider.accepted.size).toBe(0);
    await client.edit(campaign.id, { timezone: 'UTC' });
    await vi.waitFor(() => expect(harness.provider.accepted.size).toBe(1));
    await client.cancel(campaign.id);
  });

  it('refuses a change to a zone that no worker knows, and stays as it is', async () => {
    harness = await virtualTimeHarness(env, { failing: unknown(['Pacific/Kiritimati']) });
    const campaign = await harness.start(1, { schedule_type: 'scheduled', scheduled_at: '2099-01-01T00:00:00Z' });
    const client = { ...controlOverTemporal(harness.client), ...editOverTemporal(harness.client) };
    await expect(client.edit(campaign.id, { timezone: 'Pacific/Kiritimati' })).rejects.toMatchObject({
      code: 'validation_error',
      field: 'timezone',
    });
    expect((await campaign.handle.describe()).status.name).toBe('RUNNING');
    await client.cancel(campaign.id);
  });
});
