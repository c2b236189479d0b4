import type { Client } from '@temporalio/client';
import { type SearchAttributePair, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { EngineSpec } from '../domain/campaign-spec.ts';
import { workflowId } from '../domain/ids.ts';
import { CAMPAIGN_WORKFLOW, type CampaignInput } from '../workflows/messages.ts';
import { AGENT_ID, CAMPAIGN_NAME, CAMPAIGN_STATUS } from '../workflows/search-attributes.ts';
import { isUnknownSearchAttribute, temporalUnavailable } from './temporal-errors.ts';

/** Long enough for a busy server, short enough for the client that waits for its campaign. */
const START_TIMEOUT_MS = 3_000;

/**
 * Returns a function that starts the workflow of a recorded campaign. Starting one that was started before succeeds and
 * changes nothing, also after it has ended. There is no execution time-out: a campaign takes as long as its hours do.
 *
 * @throws RingfenceError `temporal_unavailable`
 */
export function workflowStarter(
  client: Client,
  { taskQueue }: { readonly taskQueue: string },
): (campaignId: string, spec: EngineSpec) => Promise<void> {
  // Where one start was refused because of them, all are; whoever registers them later restarts the process.
  let withSearchAttributes = true;

  const start = (campaignId: string, spec: EngineSpec) => {
    const input: CampaignInput = { campaignId, spec };
    return client.withDeadline(Date.now() + START_TIMEOUT_MS, () =>
      client.workflow.start(CAMPAIGN_WORKFLOW, {
        workflowId: workflowId(campaignId),
        taskQueue,
        args: [input],
        // The record in PostgreSQL decides what may be started; a second workflow would dial everybody anew.
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        staticSummary: `Call campaign ${spec.name}`.slice(0, 200),
        staticDetails: details(spec),
        ...(withSearchAttributes ? { typedSearchAttributes: searchAttributes(spec) } : {}),
      }),
    );
  };

  return async (campaignId, spec) => {
    try {
      try {
        await start(campaignId, spec);
      } catch (error) {
        if (!withSearchAttributes || !isUnknownSearchAttribute(error)) throw error;
        withSearchAttributes = false;
        await start(campaignId, spec);
      }
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw temporalUnavailable(error);
    }
  };
}

function searchAttributes(spec: EngineSpec): SearchAttributePair[] {
  return [
    { key: CAMPAIGN_STATUS, value: 'scheduled' },
    { key: CAMPAIGN_NAME, value: spec.name },
    { key: AGENT_ID, value: spec.agent_id },
  ];
}

/** Markdown for the Web UI: what the campaign may do, before it has done anything. */
function details({ schedule, ...spec }: EngineSpec): string {
  const hours = schedule.start_time === null ? 'the whole day' : `${schedule.start_time} to ${schedule.end_time}`;
  return [
    `- Agent: \`${spec.agent_id}\``,
    `- Hours: ${hours}, ${schedule.timezone}, ${daysInWords(schedule.working_days)}`,
    `- At most ${spec.max_concurrent_calls} calls at a time, ${spec.max_calls_per_day ?? 'any number'} a day`,
    `- Retries: ${spec.retry.budget} for each contact`,
  ].join('\n');
}

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

function daysInWords(days: readonly number[]): string {
  return days.length === DAYS.length ? 'every day' : DAYS.filter((_, index) => days.includes(index + 1)).join(', ');
}
