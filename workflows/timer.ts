import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { windowCheckAt } from '../domain/engine/calling-day.ts';
import type { WorkflowRun } from './workflow-run.ts';

/**
 * Makes sure that the run wakes up at `at`. A timer for the same or an earlier time is kept, even if it causes an unnecessary
 * wake-up: setting a timer is a billed action, and waking up is not.
 */
export function setTimerAt(run: WorkflowRun, at: number | null): void {
  const { timer } = run;
  if (timer && !timer.fired && (at === null || timer.at <= at)) return;
  clearTimer(run);
  if (at === null) return;
  const scope = new CancellationScope();
  const set = { at, scope, fired: false };
  run.timer = set;
  void scope
    .run(() => sleep(Math.max(1, at - Date.now()), { summary: summary(run, at) }))
    .then(() => {
      set.fired = true;
    })
    .catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
}

export function clearTimer(run: WorkflowRun): void {
  if (run.timer && !run.timer.fired) run.timer.scope.cancel();
  run.timer = null;
}

export function timerFired({ timer }: WorkflowRun): boolean {
  return timer?.fired ?? false;
}

/** The description of the timer on the Web UI's timeline. */
function summary(run: WorkflowRun, at: number): string {
  const { waiting } = run;
  if (at === windowCheckAt(run.state)) return 'Ask for the calling window again, two hours before it opens';
  if (waiting.until !== at) return 'Next check of calls and settlements';
  switch (waiting.for) {
    case 'start':
      return 'Wait for the scheduled start';
    case 'window':
      return 'Wait for the calling window to open';
    case 'daily_cap':
      return 'Daily cap reached: wait for the next day';
    case 'account':
      return 'Calls of the account for today are placed: wait for its next day';
    case 'number':
      return 'Wait until the next number may be called again';
    case 'retry':
      return 'Wait for the next retry';
    case 'provider':
      return 'Provider in trouble: hold';
    case 'connection':
      return "Wait for a turn at the connection's calls per second";
    case 'system':
      return 'Our own database or machines are slow: hold';
    case 'stopped':
      return 'Look whether the stop has ended';
    case 'slot':
    case null:
      return 'Next check of calls and settlements';
  }
}
