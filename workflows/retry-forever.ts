import { ActivityFailure, log, sleep } from '@temporalio/workflow';

/** Longer than the server's own pauses between tries: what gets here is nothing that passes within seconds. */
const FIRST_PAUSE_MS = 60_000;
/** A history of a month of failures stays far below the server's limit. */
const LONGEST_PAUSE_MS = 15 * 60_000;

/**
 * Repeats an activity for as long as it fails: a campaign whose workflow failed would call nobody any more, and follow no call.
 * The server itself repeats failed tries, without a trace in the history. Only failures that something between worker and
 * server declared final arrive here.
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
