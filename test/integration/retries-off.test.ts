/** Retries are switched off, or made fewer, while people wait for them. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readChange } from '../../domain/api/campaign-change.ts';
import { specChange } from '../../domain/engine/spec-change.ts';
import { editUpdate } from '../../workflows/messages.ts';
import { realTimeHarness, type RealTimeHarness } from '../support/harness/real-time.ts';
import type { Campaign } from '../support/harness/workflow-harness.ts';
import { reaches } from '../support/factories/states.ts';

const PEOPLE = 12;

let real: RealTimeHarness | undefined;
afterEach(async () => {
  await real?.close();
  real = undefined;
});

/** Everybody is busy, and waits for a retry in an hour and a half. */
async function allWait(): Promise<Campaign> {
  real = await realTimeHarness();
  real.harness.provider.script = () => ({ kind: 'ends', outcome: 'busy' });
  const campaign = await real.harness.start(PEOPLE, {
    max_concurrent_calls: 4,
    max_retry_attempts: 2,
    retry_delay_minutes: 90,
  });
  await reaches(campaign, { waiting_for: 'retry', buckets: { retrying: PEOPLE } });
  return campaign;
}

const edit = ({ handle }: Campaign, change: object) => {
  const read = readChange(change);
  return handle.executeUpdate(editUpdate, { args: [{ change: specChange(read), terms: { ...read } }] });
};

describe('contacts that wait for a retry', () => {
  it.each([
    ['retries are switched off', { retry_failed: false }],
    ['no further attempt is allowed', { max_retry_attempts: 0 }],
    ['their outcome is not retried any more', { retry_on: ['no_answer'] }],
  ])('end with their last outcome at once when %s', async (_, change) => {
    const campaign = await allWait();
    await edit(campaign, change);
    expect(await campaign.handle.result()).toMatchObject({ status: 'completed', buckets: { failed: PEOPLE } });
    expect(real!.harness.provider.requests).toHaveLength(PEOPLE);
    const { rows } = await real!.harness.pool.query(
      'select distinct bucket, reason, attempt, due_at from campaign_contacts where campaign_id = $1',
      [campaign.id],
    );
    expect(rows).toEqual([{ bucket: 'failed', reason: 'busy', attempt: 1, due_at: null }]);
  });

  it('go on waiting when fewer attempts are allowed, and theirs is among them', async () => {
    const campaign = await allWait();
    await edit(campaign, { max_retry_attempts: 1 });
    await reaches(campaign, { waiting_for: 'retry', buckets: { retrying: PEOPLE, failed: 0 } });
  });

  it('are not called although they are at hand', async () => {
    real = await realTimeHarness();
    const { provider } = real.harness;
    provider.script = ({ attempt }) => (attempt === 1 ? { kind: 'ends', outcome: 'busy' } : { kind: 'accept' });
    const campaign = await real.harness.start(PEOPLE, {
      max_concurrent_calls: 2,
      max_retry_attempts: 1,
      retry_delay_minutes: 0,
    });
    // Two second calls hold both slots; a contact that is claimed for a retry waits for one.
    await vi.waitFor(() => expect(provider.live()).toHaveLength(2));
    await reaches(campaign, { waiting_for: 'slot', in_flight: 2, buckets: { retrying: PEOPLE - 2 } });
    await edit(campaign, { retry_failed: false });
    await reaches(campaign, { buckets: { retrying: 0, failed: PEOPLE - 2 } });
    await campaign.end(provider.live());
    expect(await campaign.handle.result()).toMatchObject({
      buckets: { completed: 2, failed: PEOPLE - 2, retrying: 0 },
    });
    expect(provider.requests).toHaveLength(PEOPLE + 2);
  });
});
