/** What a workflow's history cost on Temporal: its events, and among them the actions that Temporal Cloud bills. */
import type { temporal } from '@temporalio/proto';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

export interface HistoryCost {
  events: number;
  /** As the server counts the size of histories. */
  bytes: number;
  workflowTasks: number;
  continueAsNew: number;
  /** Billed actions by kind. */
  readonly actions: {
    workflowStarts: number;
    activities: number;
    activityRetries: number;
    localActivityGroups: number;
    signals: number;
    updates: number;
    timers: number;
    searchAttributes: number;
  };
}

export function noCost(): HistoryCost {
  return {
    events: 0,
    bytes: 0,
    workflowTasks: 0,
    continueAsNew: 0,
    actions: {
      workflowStarts: 0,
      activities: 0,
      activityRetries: 0,
      localActivityGroups: 0,
      signals: 0,
      updates: 0,
      timers: 0,
      searchAttributes: 0,
    },
  };
}

/** Adds one run's history. A run that was continued as new is started by that, and counted as such. */
export function addHistory(cost: HistoryCost, events: readonly HistoryEvent[]): void {
  const { actions } = cost;
  let markerTask: string | null = null;
  for (const event of events) {
    cost.events += 1;
    if (event.workflowExecutionStartedEventAttributes) {
      const { continuedExecutionRunId } = event.workflowExecutionStartedEventAttributes;
      if (continuedExecutionRunId) cost.continueAsNew += 1;
      else actions.workflowStarts += 1;
    } else if (event.workflowTaskCompletedEventAttributes) {
      cost.workflowTasks += 1;
    } else if (event.activityTaskScheduledEventAttributes) {
      actions.activities += 1;
    } else if (event.activityTaskStartedEventAttributes) {
      actions.activityRetries += (event.activityTaskStartedEventAttributes.attempt ?? 1) - 1;
    } else if (event.workflowExecutionSignaledEventAttributes) {
      actions.signals += 1;
    } else if (event.workflowExecutionUpdateAcceptedEventAttributes) {
      actions.updates += 1;
    } else if (event.timerStartedEventAttributes) {
      actions.timers += 1;
    } else if (event.upsertWorkflowSearchAttributesEventAttributes) {
      actions.searchAttributes += 1;
    } else if (event.markerRecordedEventAttributes) {
      // All local activities of one workflow task are one action.
      const task = String(event.markerRecordedEventAttributes.workflowTaskCompletedEventId);
      if (task !== markerTask) actions.localActivityGroups += 1;
      markerTask = task;
    }
  }
}

export function totalActions({ actions, continueAsNew }: HistoryCost): number {
  return Object.values(actions).reduce((sum, count) => sum + count, continueAsNew);
}
