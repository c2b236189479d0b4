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

describe('a campaign whose contacts share a number', () => {
  it('calls it as soon as it may be called again, and no earlier', async () => {
    harness = await virtualTimeHarness(env);
    const { pool, provider } = harness;
    await pool.query(`update accounts set per_number = '[{"max": 1, "hours": 24}]' where name = 'default'`);
    provider.script = () => ({ kind: 'ends', outcome: 'completed' });
    const contacts = ['1', '2', '3'].map((extension) => ({ phone_number: NUMBER, extension }));
    const campaign = await harness.start(contacts.length, { contacts });
    const firstCall = async () => {
      const { rows } = await pool.query<{ sent: Date; accepted: Date }>(
        'select first_sent_at as sent, accepted_at as accepted from calls where accepted_at is not null order by 1 limit 1',
      );
      return { sentAt: rows[0]!.sent.getTime(), acceptedAt: rows[0]!.accepted.getTime() };
    };

    // One call is placed, and everybody else waits for the number.
    await vi.waitFor(async () => {
      const { rows } = await pool.query<{ waiting_for: string; until: Date }>(
        `select waiting_for, waiting_until as until from campaigns`,
      );
      expect(rows.map(({ waiting_for }) => waiting_for)).toEqual(['number']);
      const { sentAt, acceptedAt } = await firstCall();
      for (const { until } of rows) {
        expect(until.getTime()).toBeGreaterThanOrEqual(sentAt + DAY_MS);
        expect(until.getTime()).toBeLessThanOrEqual(acceptedAt + DAY_MS);
      }
    });
    const { acceptedAt } = await firstCall();
    const { rows } = await pool.query<{ id: string; contact: string; placed_today: number }>(
      `select campaign_id as id, contact_id as contact, placed_on_day as placed_today
         from campaign_contacts join campaigns on campaigns.id = campaign_id where bucket = 'pending' order by seq limit 1`,
    );
    const { id, contact, placed_today } = rows[0]!;
    const explained = await explainContact(
      pool,
      'default',
      { campaignId: id, contactId: contact },
      { now: acceptedAt + MINUTE_MS, allowedBy: () => null },
    );
    expect(explained).toMatchObject({
      gate: 'number',
      number_limit: '1 in 24 hours',
      next_eligible_at: new Date(acceptedAt + DAY_MS).toISOString(),
      attempt: 1,
    });
    expect(placed_today).toBeLessThanOrEqual(1);

    expect((await runToEnd(campaign)).buckets.completed).toBe(3);
    const calledAt = [...provider.accepted.values()].map(({ at }) => at).sort((one, other) => one - other);
    expect(calledAt).toHaveLength(3);
    const pauses = calledAt.slice(1).map((at, index) => at - calledAt[index]!);
    for (const pause of pauses) {
      expect(pause).toBeGreaterThanOrEqual(DAY_MS);
      expect(pause).toBeLessThan(DAY_MS + MINUTE_MS);
    }
  });
});
