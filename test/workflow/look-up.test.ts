import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runToEnd } from '../support/harness/server-clock.ts';
import type { WorkflowHarness } from '../support/harness/workflow-harness.ts';
import { virtualEnv, virtualTimeHarness } from '../support/harness/virtual-time.ts';

const MINUTE_MS = 60_000;

let env: TestWorkflowEnvironment;
let harness: WorkflowHarness;
beforeAll(async () => {
  env = await virtualEnv();
});
afterEach(() => harness.close());
afterAll(() => env.teardown());

describe('a call of which nothing is heard, and about which nobody can be asked', () => {
  /** Look-ups fail until so long after the call's time, and find its end then. */
  async function runWithLookUpsAway(minutes: number) {
    harness = await virtualTimeHarness(env);
    const { provider, pool } = harness;
    provider.lookUpScript = (callId, at) => {
      const { at: acceptedAt } = provider.accepted.get(callId)!;
      if (at < acceptedAt + provider.facts.callLifetimeMs + minutes * MINUTE_MS) throw new Error('nobody can be asked');
      provider.end(callId);
      return null;
    };
    const campaign = await harness.start(1);
    const result = await runToEnd(campaign);
    const { rows } = await pool.query<{ outcome: string }>('select outcome from calls where campaign_id = $1', [
      campaign.id,
    ]);
    return { buckets: result.buckets, outcomes: rows.map(({ outcome }) => outcome) };
  }

  it('keeps its slot past its deadline, until somebody can', async () => {
    expect(await runWithLookUpsAway(12)).toMatchObject({ buckets: { completed: 1 }, outcomes: ['completed'] });
  });

  it('is given up when that lasts too long', async () => {
    expect(await runWithLookUpsAway(60)).toMatchObject({ buckets: { failed: 1 }, outcomes: ['lost'] });
  });
});
