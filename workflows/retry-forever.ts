import { ActivityFailure, log, sleep } from '@temporalio/workflow';

/** Longer than the server's pauses between tries: a failure that arrives here does not pass within seconds. */
const FIRST_PAUSE_MS = 60_000;
/** A history of a month of failures stays far below the server's limit. */
const LONGEST_PAUSE_MS = 15 * 60_000;

/**
 * Repeats an activity until it succeeds. A campaign whose workflow failed would place no calls and track none. The server repeats
 * failed tries itself, without a trace in the history. Only failures that worker or server declared final arrive here.
 */
export async function retryForever<T>(work: () => Promise<T>): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      log.warn('an activity failed, and is tried again', { activity: error.activityType, pauseMs });
      await sleep(pauseMs, { summary: `Try ${error.activityType} again` });
    }
  }
}
