/** P11 where Temporal keeps it: every run's history, ids and search attributes. */
import { Client, Connection } from '@temporalio/client';
import type { Finding } from './audit/finding.ts';
import { personalDataAt, textsIn } from './audit/privacy.ts';

export interface SearchedHistories {
  readonly runs: number;
  readonly events: number;
  /** Runs that gave way to a next one. */
  readonly continued: number;
  readonly findings: readonly Finding[];
}

export async function searchHistories(address: string): Promise<SearchedHistories> {
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection });
    let runs = 0;
    let events = 0;
    let continued = 0;
    const findings: Finding[] = [];
    for await (const info of client.workflow.list()) {
      const { workflowId, runId, status, typedSearchAttributes, memo } = info;
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      runs += 1;
      events += history.events?.length ?? 0;
      if (status.name === 'CONTINUED_AS_NEW') continued += 1;
      findings.push(
        ...personalDataAt(
          `run ${runId} of ${workflowId}`,
          `${workflowId} ${JSON.stringify([typedSearchAttributes, memo])}`,
        ),
      );
      for (const event of history.events ?? []) {
        const text = [...textsIn(event)].join('\n');
        findings.push(...personalDataAt(`event ${String(event.eventId)} of ${workflowId}, run ${runId}`, text));
      }
    }
    return { runs, events, continued, findings };
  } finally {
    await connection.close();
  }
}
