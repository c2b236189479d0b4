/** Preconditions of a command: the campaign is recorded, is not over, and has a workflow. */
import { type CommandedCampaign, findCommanded } from '../../db/campaigns.ts';
import type { Pool } from '../../db/pool.ts';
import { isOver } from '../../domain/engine/commands.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { neverStarted } from '../../domain/api/failed-start.ts';
import { noCampaign } from './campaigns-routes.ts';
import { refuseInterrupted } from './ended-workflow.ts';
import { startRecorded, type StartOptions } from './start-recorded.ts';

/** @throws RingfenceError `not_found`, or `wrong_state` for a campaign that is over or interrupted */
export async function findOpen(pool: Pool, account: string, id: string): Promise<CommandedCampaign> {
  const campaign = await findCommanded(pool, account, id);
  if (!campaign) throw noCampaign();
  refuseInterrupted(campaign.id, campaign);
  if (!isOver(campaign.status)) return campaign;
  const { status, failure } = campaign;
  if (failure !== null) throw neverStarted(failure);
  throw new RingfenceError('wrong_state', `The campaign is ${status}; it accepts no more commands.`, {
    details: { status },
  });
}

/**
 * Starts the workflow if there is none. Call it last, when nothing can refuse the command any more.
 *
 * @throws RingfenceError `start_refused`, `temporal_unavailable`
 */
export async function ensureStarted(options: StartOptions, campaign: CommandedCampaign): Promise<void> {
  if (!campaign.started) await startRecorded(options, campaign);
}
