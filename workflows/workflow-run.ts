import { ApplicationFailure } from '@temporalio/common';
import { allHandlersFinished, workflowInfo, type CancellationScope } from '@temporalio/workflow';
import { createRun, type CampaignRun } from '../domain/engine/campaign-run.ts';
import { CampaignState } from '../domain/engine/campaign-state.ts';
import { newCampaign } from '../domain/engine/commands.ts';
import { Uuid, workflowId } from '../domain/engine/ids.ts';
import type { CampaignInput } from './messages.ts';

/** A campaign run inside a workflow: with what it must be able to cancel. */
export interface WorkflowRun extends CampaignRun {
  /** Cancellation scope shared by all placements since the last cancel. */
  placementScope: CancellationScope | null;
  timer: RunTimer | null;
}

/** One timer for the earliest instant that matters. It lives across turns and is replaced only by an earlier one. */
export interface RunTimer {
  readonly at: number;
  readonly scope: CancellationScope;
  fired: boolean;
}

export function openRun(input: CampaignInput): WorkflowRun {
  const { carried, cancelRequested = false } = input;
  const run = createRun({
    campaignId: ownId(input),
    state: carried ? CampaignState.parse(carried) : newCampaign(input.spec, Date.now()),
    continuedFrom: carried ? (workflowInfo().continuedFromExecutionRunId ?? null) : null,
    cancelRequested,
    handlersFinished: allHandlersFinished,
  });
  return { ...run, placementScope: null, timer: null };
}

/**
 * Fails a workflow that was started by hand under an id that no campaign can have, or that is not this campaign's own: Temporal
 * keeps two runs with one id from running side by side, but not two with different ids.
 */
function ownId({ campaignId }: CampaignInput): string {
  const read = Uuid.safeParse(campaignId);
  if (!read.success) {
    throw ApplicationFailure.nonRetryable('campaignId must be the id of a campaign: a UUID.', 'validation_error');
  }
  const own = workflowId(read.data);
  if (workflowInfo().workflowId === own) return read.data;
  throw ApplicationFailure.nonRetryable(
    `A campaign runs as the workflow ${own}: start it under that id.`,
    'misconfigured',
  );
}
