import { ActivityFailure, log, sleep } from '@temporalio/workflow';

/** Longer than the server's own pauses between tries: what gets here is nothing that passes within seconds. */
const FIRST_PAUSE_MS = 60_000;
/** A history of a month of failures stays far below the server's limit. */
const LONGEST_PAUSE_MS = 15 * 60_000;

/**
 * Does what an activity does, however often it fails: a campaign whose workflow failed would call nobody any more, and follow
 * no call. The server repeats failed tries by itself, without a trace in the history; here come failures that it was told
 * not to repeat, by whatever stands between worker and server.
 */
export async function insist<T>(work: () => Promise<T>): Promise<T> {
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
