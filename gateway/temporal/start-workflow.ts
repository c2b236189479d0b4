import type { Client } from '@temporalio/client';
import {
  type SearchAttributePair,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowIdReusePolicy,
} from '@temporalio/common';
import type { EngineSpec } from '../../domain/engine/campaign-spec.ts';
import type { CampaignStatus } from '../../domain/engine/campaign-state.ts';
import { isStartRefused, startRefused } from '../../domain/api/failed-start.ts';
import { canonicalId, workflowId } from '../../domain/engine/ids.ts';
import { isBehindItsWorkflow } from '../../domain/api/interruption.ts';
import { CAMPAIGN_WORKFLOW, type CampaignInput } from '../../workflows/messages.ts';
import { AGENT_ID, CAMPAIGN_NAME, CAMPAIGN_STATUS, WAITING_FOR } from '../../workflows/search-attributes.ts';
import {
  isUnknownSearchAttribute,
  refusalForGood,
  temporalUnavailable,
} from '../../client/temporal/temporal-errors.ts';
import { readWorkflowStatus } from './workflow-status.ts';

/** Long enough for a busy server, and short enough for the client that waits for its campaign. */
const START_TIMEOUT_MS = 3_000;
/**
 * A server accepts messages of up to 4 MiB. For a larger one it answers "resource exhausted", as for too many requests,
 * and the client would repeat it until its time is over. The difference is for the other content of a start.
 */
const LARGEST_INPUT = 4 * 1024 * 1024 - 64 * 1024;

type StartCampaign = (campaignId: string, spec: EngineSpec) => Promise<void>;

/**
 * Returns a function that starts the workflow of a recorded campaign. If the workflow was started before, the call
 * succeeds and changes nothing, even if the workflow has ended. There is no execution timeout: a campaign takes as long
 * as its hours require.
 *
 * @throws RingfenceError `start_refused` if no repeat can succeed, otherwise `temporal_unavailable`
 */
export function workflowStarter(client: Client, { taskQueue }: { readonly taskQueue: string }): StartCampaign {
  const start = starting(client, taskQueue);
  return async (campaignId, spec) => {
    // The record in PostgreSQL decides what may be started; a second workflow would dial everyone again.
    await start(campaignId, spec, { status: 'scheduled', reuse: 'REJECT_DUPLICATE' });
  };
}

/** `already`: there is a run, or a previous run that may not be followed by another. */
type Started = 'started' | 'already';

interface StartTerms {
  /** Shown in the list of workflows until the workflow sets it itself. */
  readonly status: CampaignStatus;
  /** Which ended runs this one may follow. There are never two runs at the same time. */
  readonly reuse: WorkflowIdReusePolicy;
}

function starting(
  client: Client,
  taskQueue: string,
): (campaignId: string, spec: EngineSpec, terms: StartTerms) => Promise<Started> {
  // If one start was refused because of them, all are. Restart the process after registering them.
  let withSearchAttributes = true;

  const start = (campaignId: string, spec: EngineSpec, { status, reuse }: StartTerms) => {
    const input: CampaignInput = { campaignId: canonicalId(campaignId), spec };
    refuseTooLarge(input);
    return client.withDeadline(Date.now() + START_TIMEOUT_MS, () =>
      client.workflow.start(CAMPAIGN_WORKFLOW, {
        workflowId: workflowId(campaignId),
        taskQueue,
        args: [input],
        workflowIdReusePolicy: reuse,
        workflowIdConflictPolicy: 'FAIL',
        staticSummary: `Call campaign ${spec.name}`.slice(0, 200),
        staticDetails: details(spec),
        ...(withSearchAttributes ? { typedSearchAttributes: searchAttributes(spec, status) } : {}),
      }),
    );
  };

  return async (campaignId, spec, terms) => {
    try {
      try {
        await start(campaignId, spec, terms);
      } catch (error) {
        if (!withSearchAttributes || !isUnknownSearchAttribute(error)) throw error;
        withSearchAttributes = false;
        await start(campaignId, spec, terms);
      }
      return 'started';
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return 'already';
      if (isStartRefused(error)) throw error;
      const reason = refusalForGood(error);
      throw reason === null ? temporalUnavailable(error) : startRefused(reason, error);
    }
  };
}

function refuseTooLarge(input: CampaignInput): void {
  const bytes = Buffer.byteLength(JSON.stringify(input));
  if (bytes > LARGEST_INPUT) throw startRefused(`its terms take ${bytes} bytes, and ${LARGEST_INPUT} can be sent`);
}

/** `running`: another process has started one. `ended`: the last run ended the campaign, so no other may follow. */
export type Restarted = 'started' | 'running' | 'ended';

export interface RestartTerms {
  /** The status before the interruption. */
  readonly status: CampaignStatus;
  /** Whether the run may follow one that has ended the campaign. Only for a run that places no calls. */
  readonly afterItsEnd: boolean;
}

export type RestartCampaign = (campaignId: string, spec: EngineSpec, terms: RestartTerms) => Promise<Restarted>;

/**
 * Returns a function that starts another run of a campaign whose workflow has ended; the run adopts the records.
 * Temporal ensures that there are never two runs at the same time.
 *
 * @throws RingfenceError `start_refused` if no repeat can succeed, otherwise `temporal_unavailable`
 */
export function workflowRestarter(client: Client, { taskQueue }: { readonly taskQueue: string }): RestartCampaign {
  const start = starting(client, taskQueue);
  return async (campaignId, spec, { status, afterItsEnd }) => {
    const reuse = afterItsEnd ? 'ALLOW_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY';
    if ((await start(campaignId, spec, { status, reuse })) === 'started') return 'started';
    const standing = await readWorkflowStatus(client, campaignId);
    if (standing.kind === 'running') return 'running';
    if (standing.kind === 'closed' && isBehindItsWorkflow(standing.as)) return 'ended';
    // The conflicting run has just ended: the next try starts one.
    throw temporalUnavailable(null);
  };
}

function searchAttributes(spec: EngineSpec, status: CampaignStatus): SearchAttributePair[] {
  return [
    { key: CAMPAIGN_STATUS, value: status },
    { key: CAMPAIGN_NAME, value: spec.name },
    { key: AGENT_ID, value: spec.agent_id },
    // The workflow changes it together with the status. Setting it itself would be another event.
    ...(status === 'scheduled' ? [{ key: WAITING_FOR, value: 'start' }] : []),
  ];
}

/** Markdown for the Web UI: what never changes. The workflow shows the terms, which an edit changes. */
function details({ agent_id, connection }: EngineSpec): string {
  return [`- Agent: \`${agent_id}\``, `- Connection: \`${connection}\``, '- Terms: see Current Details'].join('\n');
}
