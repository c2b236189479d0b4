/** Starts the workflow of a recorded campaign and records the result. */
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
 * Starts a campaign that has no workflow yet. Several processes may do so at the same time: Temporal starts one
 * workflow. If the start is permanently refused, the campaign has failed.
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
    // Another process has started it, or it was deleted.
    return;
  }
  await markWorkflowStarted(pool, id);
}
