import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { windowCheckAt } from '../domain/engine/calling-day.ts';
import type { CampaignRun } from './campaign-run.ts';

/**
 * Makes sure that the run wakes at `at`. A timer that is already set for then or earlier is kept, even if it wakes the
 * run for nothing: setting a timer is a billed action, waking is not.
 */
export function armAlarm(run: CampaignRun, at: number | null): void {
  const { alarm } = run;
  if (alarm && !alarm.fired && (at === null || alarm.at <= at)) return;
  dropAlarm(run);
  if (at === null) return;
  const scope = new CancellationScope();
  const armed = { at, scope, fired: false };
  run.alarm = armed;
  void scope
    .run(() => sleep(Math.max(1, at - Date.now()), { summary: summary(run, at) }))
    .then(() => {
      armed.fired = true;
    })
    .catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
}

export function dropAlarm(run: CampaignRun): void {
  if (run.alarm && !run.alarm.fired) run.alarm.scope.cancel();
  run.alarm = null;
}

/** How the timer reads on the Web UI's timeline. */
function summary(run: CampaignRun, at: number): string {
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
    case 'retry':
      return 'Wait for the next retry';
    case 'provider':
      return 'Provider in trouble: hold';
    case 'system':
      return 'Our own database or machines are slow: hold';
    case 'slot':
    case null:
      return 'Next check of calls and settlements';
  }
}
