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
