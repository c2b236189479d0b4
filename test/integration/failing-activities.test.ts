/** Campaigns whose record is not there: they wait for it, and their workflows do not fail. */
import { describe, expect, it, vi } from 'vitest';
import { workflowStarter } from '../../gateway/temporal/start-workflow.ts';
import { campaignTerms, CreateCampaign, engineSpec } from '../../domain/api/campaign-request.ts';
import { campaignIdOf, createCampaign } from '../../gateway/routes/create-campaign.ts';
import { SystemHarness } from '../support/harness/system-harness.ts';
import { captureCli, closing } from '../support/harness/cli.ts';
import { TRUEDY_ALONE } from '../support/factories/connections.ts';

captureCli();

const REQUEST = CreateCampaign.parse({
  name: 'Reminders',
  agent_id: 'agent-1',
  contacts: [{ phone_number: '+12125550100' }],
  working_days: [1, 2, 3, 4, 5, 6, 7],
});

async function openHarness(timeScale = 1_000): Promise<SystemHarness> {
  const harness = await SystemHarness.start({ simulator: { timeScale } });
  closing.push(() => harness.close());
  return harness;
}

/** Waits until an activity has failed with this code and is tried again. */
const whenTriedAgain = (harness: SystemHarness, id: string, types: readonly string[], code: string) =>
  vi.waitFor(
    async () => {
      const { raw, status } = await harness.handle(id).describe();
      expect(status.name).toBe('RUNNING');
      const pending = (raw.pendingActivities ?? []).map(({ activityType, attempt, lastFailure }) => ({
        type: activityType?.name ?? '',
        again: (attempt ?? 0) > 1,
        code: lastFailure?.applicationFailureInfo?.type,
      }));
      expect(pending).toContainEqual({ type: expect.toBeOneOf([...types]), again: true, code });
    },
    // Where every slot is taken, the next step is the exchange that writes their calls down, half a minute later.
    { timeout: 90_000 },
  );

describe('a campaign', () => {
  it('whose record is not there waits for it, and goes on when it is', async () => {
    const harness = await openHarness();
    const id = campaignIdOf('default', 'the-key');
    await workflowStarter(harness.client, { taskQueue: harness.taskQueue })(
      id,
      engineSpec(campaignTerms(REQUEST, 'truedy')),
    );
    await whenTriedAgain(harness, id, ['openRoster'], 'not_found');
    await createCampaign({ pool: harness.db.pool, now: Date.now(), connections: TRUEDY_ALONE }, 'default', REQUEST, {
      id,
    });
    expect(await harness.result(id)).toMatchObject({ status: 'completed' });
    expect(harness.simulator.ledger()).toMatchObject({ accepted: 1, duplicate_keys: 0 });
  });

  it('whose record goes away does not fail', async () => {
    const harness = await openHarness();
    const id = await harness.startCampaign(400, { max_concurrent_calls: 5 });
    await vi.waitFor(() => expect(harness.simulator.ledger().accepted).toBeGreaterThanOrEqual(10));
    await harness.db.pool.query('delete from campaigns where id = $1', [id]);
    await whenTriedAgain(harness, id, ['exchange', 'openRoster'], 'not_found');
    await harness.handle(id).terminate('by the test');
  });
});
