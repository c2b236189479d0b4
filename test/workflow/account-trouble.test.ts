/** An account at which the provider accepts calls and places none. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { explainContact } from '../../db/contact-explanation.ts';
import { campaignEdit, readChange } from '../../domain/api/campaign-change.ts';
import { editUpdate } from '../../workflows/messages.ts';
import { runToEnd } from '../support/harness/server-clock.ts';
import type { WorkflowHarness } from '../support/harness/workflow-harness.ts';
import { virtualEnv, virtualTimeHarness } from '../support/harness/virtual-time.ts';

const MINUTE_MS = 60_000;
const FAULT = 'blocked:payment_required';

let env: TestWorkflowEnvironment;
let harness: WorkflowHarness;
beforeAll(async () => {
  env = await virtualEnv();
});
afterEach(() => harness.close());
afterAll(() => env.teardown());

it('holds the campaign with a call now and then, and nobody loses an attempt', async () => {
  harness = await virtualTimeHarness(env);
  const { provider, pool } = harness;
  let until: number | null = null;
  provider.script = ({ at }) => {
    until ??= at + 8 * MINUTE_MS;
    return at < until
      ? { kind: 'ends', outcome: 'failed', accountFault: FAULT }
      : { kind: 'ends', outcome: 'completed' };
  };
  const campaign = await harness.start(3, { max_concurrent_calls: 1, max_retry_attempts: 1 });
  await vi.waitFor(async () => expect(await campaign.progress()).toMatchObject({ waiting_for: 'provider' }));
  const trouble = async () =>
    (await pool.query('select trouble_reason, trouble_times from campaigns where id = $1', [campaign.id])).rows[0] as {
      trouble_reason: string | null;
      trouble_times: number | null;
    };
  await vi.waitFor(async () => expect(await trouble()).toMatchObject({ trouble_reason: FAULT }));
  // Contacts that wait for their first call that counts wait for no retry.
  await campaign.handle.executeUpdate(editUpdate, { args: [campaignEdit(readChange({ retry_failed: false }))] });

  expect(await runToEnd(campaign)).toMatchObject({ buckets: { completed: 3, failed: 0 } });
  expect(await trouble()).toEqual({ trouble_reason: null, trouble_times: null });
  const prevented = provider.requests.filter(({ at }) => at < until!);
  expect(prevented.length).toBeGreaterThan(2);
  expect(prevented.length).toBeLessThan(6);
  expect(provider.requests.length - prevented.length).toBe(3);
  // Each attempt has another key: no key was accepted twice.
  expect(provider.accepted.size).toBe(provider.requests.length);

  const { rows } = await pool.query<{ id: string; outcome: string; account_fault: string | null }>(
    'select id, outcome, account_fault from calls where campaign_id = $1 order by id',
    [campaign.id],
  );
  const ids = new Set(prevented.map(({ callId }) => callId));
  expect(rows).toEqual(
    rows.map(({ id }) =>
      ids.has(id) ? { id, outcome: 'failed', account_fault: FAULT } : { id, outcome: 'completed', account_fault: null },
    ),
  );
  const { rows: contacts } = await pool.query<{ contact_id: string }>(
    'select contact_id from campaign_contacts where campaign_id = $1 and seq = 1',
    [campaign.id],
  );
  const ofFirst = { campaignId: campaign.id, contactId: contacts[0]!.contact_id };
  expect(await explainContact(pool, 'default', ofFirst, { now: Date.now(), allowedBy: () => null })).toMatchObject({
    call_status: 'completed',
    attempts: expect.arrayContaining([expect.objectContaining({ attempt: 1, account_fault: FAULT })]) as unknown,
  });
});
