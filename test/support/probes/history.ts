import type { WorkflowClient, WorkflowHandle } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';
import { defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';

export type History = temporal.api.history.v1.IHistory;
type Event = temporal.api.history.v1.IHistoryEvent;

/** What the Web UI writes beside the events that carry a summary, in order. */
export function summaries(history: History, carries: (event: Event) => unknown): string[] {
  return (history.events ?? [])
    .filter((event) => carries(event) && event.userMetadata?.summary)
    .map((event) => defaultPayloadConverter.fromPayload<string>(event.userMetadata!.summary!));
}

export function timerSummaries(history: History): string[] {
  return summaries(history, (event) => event.timerStartedEventAttributes);
}

export function activitySummaries(history: History): string[] {
  return summaries(history, (event) => event.activityTaskScheduledEventAttributes);
}

/** The durations of the timers that ran to their end and took longer than `ms`. */
export function firedTimersOver(history: History, ms: number): number[] {
  const events = history.events ?? [];
  const fired = new Set(events.map((event) => event.timerFiredEventAttributes?.timerId));
  return events.flatMap(({ timerStartedEventAttributes: timer }) => {
    const duration = timer ? tsToMs(timer.startToFireTimeout) : 0;
    return timer && fired.has(timer.timerId) && duration > ms ? [duration] : [];
  });
}

/** One run in a chain of runs that continued as new. */
export interface Run {
  readonly input: unknown;
  readonly history: History;
  /** How often each activity was scheduled, local ones left out. */
  readonly activities: Readonly<Record<string, number>>;
}

/** All runs of a workflow, first to last. */
export async function runsOf({
  client,
  workflowId,
  firstExecutionRunId,
}: WorkflowHandle & { readonly firstExecutionRunId?: string }): Promise<Run[]> {
  const runs: Run[] = [];
  let runId: string | null | undefined = firstExecutionRunId ?? (await firstRun(client, workflowId));
  while (runId) {
    const history = await client.getHandle(workflowId, runId).fetchHistory();
    runs.push({ input: inputOf(history), history, activities: countActivities(history) });
    runId = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return runs;
}

async function firstRun(client: WorkflowClient, workflowId: string): Promise<string | null | undefined> {
  const { events } = await client.getHandle(workflowId).fetchHistory();
  return events?.[0]?.workflowExecutionStartedEventAttributes?.firstExecutionRunId;
}

function inputOf({ events }: History): unknown {
  const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  return payload ? defaultPayloadConverter.fromPayload(payload) : undefined;
}

function countActivities({ events }: History): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const event of events ?? []) {
    const type = event.activityTaskScheduledEventAttributes?.activityType?.name;
    if (type) counts[type] = (counts[type] ?? 0) + 1;
  }
  return counts;
}
