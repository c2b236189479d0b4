import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inTransaction } from '../../db/pool.ts';
import { moveNextCall, removeContact } from '../../db/roster-changes.ts';
import { readBuckets } from '../../db/workflow-records.ts';
import { campaignEdit, readChange } from '../../domain/api/campaign-change.ts';
import { contactsChangedSignal, editUpdate } from '../../workflows/messages.ts';
import { fictitiousPerson } from '../support/factories/people.ts';
import { reaches } from '../support/factories/states.ts';
import { runToEnd } from '../support/harness/server-clock.ts';
import { virtualEnv, virtualTimeHarness } from '../support/harness/virtual-time.ts';
import type { Campaign, WorkflowHarness } from '../support/harness/workflow-harness.ts';

const NOBODY = { pending: 0, in_progress: 0, retrying: 0, completed: 0, failed: 0, skipped: 0 };

let env: TestWorkflowEnvironment;
let harness: WorkflowHarness;
beforeAll(async () => {
  env = await virtualEnv();
  harness = await virtualTimeHarness(env);
});
afterAll(async () => {
  await harness.close();
  await env.teardown();
});

async function remove({ id, handle }: Campaign, seq: number): Promise<void> {
  await inTransaction(harness.pool, async (tx) => {
    const { rows } = await tx.query('select contact_id from campaign_contacts where campaign_id = $1 and seq = $2', [
      id,
      seq,
    ]);
    await removeContact(tx, id, rows[0].contact_id);
  });
  await handle.signal(contactsChangedSignal);
}

async function eventsOf({ handle }: Campaign): Promise<number> {
  const { historyLength } = await handle.describe();
  return historyLength;
}

it('a contact is called at its time, and at an earlier one that is asked for later', async () => {
  const { pool, provider } = harness;
  provider.script = () => ({ kind: 'ends', outcome: 'completed' });
  const now = await harness.time();
  const at = (minutes: number) => new Date(now + minutes * 60_000);
  const contacts = [10, 20, 300].map((minutes, index) => ({ ...fictitiousPerson(index), not_before: at(minutes) }));
  const campaign = await harness.start(3, {
    contacts: contacts.map((one) => ({ ...one, not_before: one.not_before.toISOString() })),
  });
  await reaches(campaign, { waiting_for: 'retry', until: at(10).toISOString() });
  const { rows } = await pool.query('select contact_id from campaign_contacts where campaign_id = $1 and seq = 3', [
    campaign.id,
  ]);
  await inTransaction(pool, (tx) => moveNextCall(tx, campaign.id, rows[0].contact_id, at(15)));
  await campaign.handle.signal(contactsChangedSignal);
  await runToEnd(campaign);
  const { rows: calls } = await pool.query<{ seq: number; sent: Date }>(
    'select seq, first_sent_at as sent from calls where campaign_id = $1 and accepted_at is not null order by first_sent_at',
    [campaign.id],
  );
  expect(calls.map(({ seq }) => seq)).toEqual([1, 3, 2]);
  for (const [index, minutes] of [10, 15, 20].entries()) {
    const late = calls[index]!.sent.getTime() - at(minutes).getTime();
    expect([late >= 0, late < 60_000]).toEqual([true, true]);
  }
});

it('an open-ended campaign waits for weeks without doing anything, and calls added contacts until it is closed', async () => {
  harness.provider.script = () => ({ kind: 'ends', outcome: 'completed' });
  const campaign = await harness.start(2, { open_ended: true });
  await reaches(campaign, { status: 'active', buckets: { ...NOBODY, completed: 2 } });
  // The exchange that settles them, and nothing after it.
  await env.sleep('1m');
  const events = await eventsOf(campaign);
  await env.sleep('30d');
  expect(await eventsOf(campaign)).toBe(events);
  await reaches(campaign, { status: 'active', waiting_for: null });

  await campaign.add(2);
  await reaches(campaign, { buckets: { ...NOBODY, completed: 3 } });

  await campaign.handle.signal('contactsChanged', 'somebody');
  await reaches(campaign, { malformed_signals: 1 });

  // Two more wait while nobody may be called; one of them is taken out.
  await campaign.handle.executeUpdate(editUpdate, { args: [campaignEdit(readChange({ max_concurrent_calls: 0 }))] });
  await campaign.add(3);
  await campaign.add(4);
  await env.sleep('10s');
  await reaches(campaign, { buckets: { ...NOBODY, completed: 3, pending: 2 }, waiting_for: 'slot' });
  await remove(campaign, 4);
  await env.sleep('10s');
  await reaches(campaign, { buckets: { ...NOBODY, completed: 3, pending: 1, skipped: 1 } });

  const change = readChange({ max_concurrent_calls: 1, open_ended: false });
  await campaign.handle.executeUpdate(editUpdate, { args: [campaignEdit(change)] });
  const buckets = { ...NOBODY, completed: 4, skipped: 1 };
  expect(await runToEnd(campaign)).toMatchObject({ status: 'completed', buckets });
  expect(await readBuckets(harness.pool, campaign.id)).toEqual(buckets);
  const called = [...harness.provider.accepted.keys()].filter((callId) => callId.startsWith(campaign.id));
  expect(called).toHaveLength(4);
});
