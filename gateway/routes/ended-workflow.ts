/** Responses for a campaign whose workflow was ended from outside, whether this was noticed before or only now. */
import type { FastifyBaseLogger } from 'fastify';
import { findCommanded, type CommandedCampaign } from '../../db/campaigns.ts';
import type { Pool } from '../../db/pool.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { isInterrupted, type WorkflowStatus } from '../../domain/api/interruption.ts';
import { reconcileOne } from '../background/reconciler.ts';

export interface EndedWorkflowOptions {
  readonly pool: Pool;
  readonly readWorkflowStatus: (campaignId: string) => Promise<WorkflowStatus>;
  readonly logger: FastifyBaseLogger;
}

/** @throws RingfenceError `wrong_state` with the remedy, if the campaign is interrupted */
export function refuseInterrupted(id: string, campaign: CommandedCampaign): void {
  const { status, interrupted_reason: reason, interrupted_code: code } = campaign;
  if (status === 'interrupted' && reason !== null) throw isInterrupted(id, { reason, code });
}

/** Checks the campaign immediately if a command was refused because the workflow has ended. */
export async function noteEnded(options: EndedWorkflowOptions, id: string, error: unknown): Promise<void> {
  if (!(error instanceof RingfenceError)) return;
  if (error.code === 'not_found' || 'workflow_status' in error.details) await reconcileOne(options, id);
}

/** Turns the refusal of a command into one that gives reason and remedy, if the workflow was ended from outside. */
export async function throwEnded(
  options: EndedWorkflowOptions,
  account: string,
  id: string,
  error: unknown,
): Promise<never> {
  await noteEnded(options, id, error);
  const campaign = await findCommanded(options.pool, account, id);
  if (campaign) refuseInterrupted(id, campaign);
  if (error instanceof RingfenceError && error.code === 'not_found') {
    const message =
      'Temporal does not know the workflow of this campaign. If this lasts for a minute the campaign becomes interrupted: then restart or cancel it.';
    throw new RingfenceError('wrong_state', message, { cause: error });
  }
  throw error;
}
