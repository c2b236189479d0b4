/** Responses for a campaign whose workflow was ended from outside, whether this was noticed before or only now. */
import type { FastifyBaseLogger } from 'fastify';
import { findCommanded, type CommandedCampaign } from '../../db/campaigns.ts';
import { sharedLimits } from '../../db/interruptions.ts';
import type { Pool } from '../../db/pool.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { isInterrupted, type WorkflowStatus } from '../../domain/api/interruption.ts';
import type { WakeCoordinators } from '../temporal/wake-coordinators.ts';
import { reconcileOne } from '../background/reconciler.ts';

export interface EndedWorkflowOptions {
  readonly pool: Pool;
  readonly readWorkflowStatus: (campaignId: string) => Promise<WorkflowStatus>;
  readonly wakeCoordinators: WakeCoordinators;
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

/**
 * An event ended a call of a campaign whose workflow has ended. The campaign is checked immediately, and others may have the call's
 * slot on its connection. What fails here is found out later by itself.
 */
export async function noteEndOfLeftCall(options: EndedWorkflowOptions, campaignId: string): Promise<void> {
  try {
    await reconcileOne(options, campaignId);
    await options.wakeCoordinators(await sharedLimits(options.pool, campaignId));
  } catch (error) {
    options.logger.warn(
      { campaign: campaignId, error: String(error) },
      'a campaign without a workflow was not checked',
    );
  }
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
