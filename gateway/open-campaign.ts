/** A campaign that is to be told something: it must be on record and not over, and must have a workflow to talk to. */
import { type CommandedCampaign, findCommanded, markWorkflowStarted } from '../db/campaigns.ts';
import type { Pool } from '../db/pool.ts';
import { engineSpec } from '../domain/campaign-request.ts';
import { isOver } from '../domain/commands.ts';
import { RingfenceError } from '../domain/errors.ts';
import { type CampaignRoutesOptions, noCampaign } from './campaigns-routes.ts';
import { refuseInterrupted } from './ended-workflow.ts';

/** @throws RingfenceError `not_found`, or `wrong_state` for a campaign that is over or interrupted */
export async function findOpen(pool: Pool, account: string, id: string): Promise<CommandedCampaign> {
  const campaign = await findCommanded(pool, account, id);
  if (!campaign) throw noCampaign();
  refuseInterrupted(campaign.id, campaign);
  if (!isOver(campaign.status)) return campaign;
  const { status } = campaign;
  throw new RingfenceError('wrong_state', `The campaign is ${status}; it takes no more commands.`, {
    details: { status },
  });
}

/** To be called last, when nothing is left that could refuse what the campaign is to be told. */
export async function ensureStarted(
  { pool, startCampaign }: Pick<CampaignRoutesOptions, 'pool' | 'startCampaign'>,
  { id, terms, started }: CommandedCampaign,
): Promise<void> {
  if (started) return;
  await startCampaign(id, engineSpec(terms));
  await markWorkflowStarted(pool, id);
}
