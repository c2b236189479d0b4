/** Starts the workflow of a recorded campaign, and writes down what became of that. */
import { markWorkflowStarted, recordFailedStart, type UnstartedCampaign } from '../../db/campaigns.ts';
import type { Pool } from '../../db/pool.ts';
import { engineSpec } from '../../domain/api/campaign-request.ts';
import type { EngineSpec } from '../../domain/engine/campaign-spec.ts';
import { failedStart, isStartRefused, reasonOf } from '../../domain/api/failed-start.ts';

export interface StartOptions {
  readonly pool: Pool;
  readonly startCampaign: (campaignId: string, spec: EngineSpec) => Promise<void>;
}

/**
 * Starts a campaign that has no workflow yet. Any number of processes may do so at once: Temporal lets one workflow begin.
 * Where the start is refused for good, the campaign has failed.
 *
 * @throws RingfenceError `start_refused`, `temporal_unavailable`
 */
export async function startRecorded(
  { pool, startCampaign }: StartOptions,
  { id, terms }: Pick<UnstartedCampaign, 'id' | 'terms'>,
): Promise<void> {
  try {
    await startCampaign(id, engineSpec(terms));
  } catch (error) {
    if (!isStartRefused(error)) throw error;
    const reason = reasonOf(error);
    if (await recordFailedStart(pool, id, reason)) throw failedStart(id, reason, error);
    // Another process has had it started, or somebody has deleted it.
    return;
  }
  await markWorkflowStarted(pool, id);
}
