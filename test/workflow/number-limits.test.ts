import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { explainContact } from '../../db/contact-explanation.ts';
import { runToEnd } from '../support/harness/server-clock.ts';
import { virtualEnv, virtualTimeHarness } from '../support/harness/virtual-time.ts';
import type { WorkflowHarness } from '../support/harness/workflow-harness.ts';

const NUMBER = '+14155550100';
const DAY_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;

let env: TestWorkflowEnvironment;
let harness: WorkflowHarness;
beforeAll(async () => {
  env = await virtualEnv();
});
afterEach(() => harness.close());
afterAll(() => env.teardown());

describe('campaigns whose contacts share a number', () => {
  it('call it as soon as it may be called again, and no earlier', async () => {
    harness = await virtualTimeHarness(env);
    const { pool, provider } = harness;
    await pool.query(`update accounts set per_number = '[{"max": 1, "hours": 24}]' where name = 'default'`);
    provider.script = () => ({ kind: 'ends', outcome: 'completed' });
    const contacts = (...extensions: string[]) => extensions.map((extension) => ({ phone_number: NUMBER, extension }));
    const campaigns = [
      await harness.start(2, { contacts: contacts('1', '2') }),
      await harness.start(2, { contacts: contacts('3', '4') }),
    ];

    // One call is placed, and everybody else waits for the number.
    await vi.waitFor(async () => {
      const { rows } = await pool.query<{ waiting_for: string; until: Date }>(
        `select waiting_for, waiting_until as until from campaigns`,
      );
      expect(rows.map(({ waiting_for }) => waiting_for)).toEqual(['number', 'number']);
      const [first] = [...provider.accepted.values()];
      expect(rows.map(({ until }) => until.getTime())).toEqual([first!.at + DAY_MS, first!.at + DAY_MS]);
    }, 15_000);
    const [first] = [...provider.accepted.values()];
    const { rows } = await pool.query<{ id: string; contact: string; placed_today: number }>(
      `select campaign_id as id, contact_id as contact, placed_on_day as placed_today
         from campaign_contacts join campaigns on campaigns.id = campaign_id where bucket = 'pending' order by seq limit 1`,
    );
    const { id, contact, placed_today } = rows[0]!;
    const explained = await explainContact(
      pool,
      'default',
      { campaignId: id, contactId: contact },
      { now: first!.at + MINUTE_MS, allowedBy: () => null },
    );
    expect(explained).toMatchObject({
      gate: 'number',
      number_limit: '1 in 24 hours',
      next_eligible_at: new Date(first!.at + DAY_MS).toISOString(),
      attempt: 1,
    });
    expect(placed_today).toBeLessThanOrEqual(1);

    const results = await Promise.all(campaigns.map(runToEnd));
    expect(results.map(({ buckets }) => buckets.completed)).toEqual([2, 2]);
    const calledAt = [...provider.accepted.values()].map(({ at }) => at).sort((a, b) => a - b);
    expect(calledAt).toHaveLength(4);
    const pauses = calledAt.slice(1).map((at, index) => at - calledAt[index]!);
    for (const pause of pauses) {
      expect(pause).toBeGreaterThanOrEqual(DAY_MS);
      expect(pause).toBeLessThan(DAY_MS + MINUTE_MS);
    }
  });
});
