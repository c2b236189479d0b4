/** What Temporal keeps of a run: every history is searched for people (P11), and for a workflow that failed (P10). */
import type { Client } from '@temporalio/client';
import { clock, type Finding } from './audit/finding.ts';
import { busiestStretch } from './audit/hot-loop.ts';
import { personalDataAt, textsIn } from './audit/privacy.ts';

export interface SearchedHistories {
  readonly runs: number;
  readonly events: number;
  /** Runs that gave way to a next one. */
  readonly continued: number;
  readonly findings: readonly Finding[];
}

export async function searchHistories(client: Client): Promise<SearchedHistories> {
  let runs = 0;
  let events = 0;
  let continued = 0;
  const findings: Finding[] = [];
  const exchanges = new Map<string, number[]>();
  for await (const info of client.workflow.list()) {
    const { workflowId, runId, status, typedSearchAttributes, memo, closeTime } = info;
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    runs += 1;
    events += history.events?.length ?? 0;
    if (status.name === 'CONTINUED_AS_NEW') continued += 1;
    if (status.name === 'FAILED' || status.name === 'TIMED_OUT') {
      const at = closeTime?.getTime() ?? 0;
      findings.push({ promise: 'P10', at, text: `run ${runId} of ${workflowId} ${status.name} at ${clock(at)}` });
    }
    findings.push(
      ...personalDataAt(
        `run ${runId} of ${workflowId}`,
        `${workflowId} ${JSON.stringify([typedSearchAttributes, memo])}`,
      ),
    );
    for (const event of history.events ?? []) {
      const text = [...textsIn(event)].join('\n');
      findings.push(...personalDataAt(`event ${String(event.eventId)} of ${workflowId}, run ${runId}`, text));
      if (event.activityTaskScheduledEventAttributes?.activityType?.name === 'exchange') {
        const at = Number(event.eventTime?.seconds ?? 0) * 1000 + (event.eventTime?.nanos ?? 0) / 1e6;
        exchanges.set(workflowId, [...(exchanges.get(workflowId) ?? []), at]);
      }
    }
  }
  for (const [workflow, instants] of exchanges) findings.push(...busiestStretch(workflow, instants));
  return { runs, events, continued, findings };
}
