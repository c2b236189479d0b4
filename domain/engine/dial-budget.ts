/**
 * The time budget of a dial, in milliseconds. One try of the activity `placeCall`, from its beginning:
 *
 *   0 s    checks the gates in PostgreSQL, reserves an instant on a connection with a rate, waits for it, and writes down that
 *          the request is about to leave
 *   8 s    the request has left, or never will (`sendWithinMs`)
 *  23 s    the provider has answered, or the outcome is unknown (`longestRequestMs` later)
 *  30 s    the answer is written down, or the server gives the try up (`tryMs`)
 *  35 s    a stopping worker has waited for it (`shutdownGraceMs`)
 *  60 s    Docker kills a worker that has not stopped (`stop_grace_period` in docker-compose.yml)
 *
 * A worker that dies is noticed after `heartbeatTimeoutMs`, and the next try begins. Each number must leave room for those
 * before it; `test/unit/domain/dial-budget.test.ts` holds these inequalities.
 */
export const DIAL = {
  /** Often enough that two lost heartbeats do not count as a dead worker. */
  heartbeatEveryMs: 3_000,
  /**
   * A worker that died is noticed by this. Later than `sendWithinMs`, so that the next try begins when the one before cannot
   * send any more. Not much later, because the contact's slot stands still meanwhile.
   */
  heartbeatTimeoutMs: 10_000,
  /**
   * A try that has not sent by this time never will. The server gives a try up later than this, so that tries do not
   * overlap. A try that a frozen process begins late is refused by the number of its placement. A healthy database takes
   * milliseconds of it, one that is restarting a few seconds.
   */
  sendWithinMs: 8_000,
  /**
   * On a connection with a rate, a dial reserves the next free instant only if it is at most this far ahead. Long enough that
   * campaigns which share a connection keep it busy while others think. Short enough that a pause, which waits for it, is
   * acknowledged soon, and that a dial which misses its instant can wait for another one within `sendWithinMs`.
   */
  reserveAheadMs: 3_000,
  /**
   * A dial that may not reserve is told to come again after this time at the latest. It bounds the damage of a database's clock
   * that was set back, and of times that were told to campaigns which were paused since.
   */
  longestWaitMs: 600_000,
  /** A dial leaves this long after its instant at the latest. It may have to wait for a connection to the provider. */
  instantLastsMs: 250,
  /** The record of a dial is written this long before its instant. The transaction takes a tenth of it. */
  recordAheadMs: 100,
  /** The provider's request time-out where none is set. It includes the wait for a connection and the body of the answer. */
  defaultRequestMs: 10_000,
  /** The longest request time-out that a provider may have: with a longer one the try would end before its answer. */
  longestRequestMs: 15_000,
  /** Until a try is given up. What is left after the answer, 7 s, is for a connection to PostgreSQL and one transaction. */
  tryMs: 30_000,
  /** How long a stopping worker waits for its tries, so that none is cut off between its request and its record. */
  shutdownGraceMs: 35_000,
} as const;

/**
 * How long a request may wait for a connection. The other half of its time is for the answer: a request that is sent with no
 * time left would be of unknown outcome for nothing.
 */
export function connectWithinMs(requestTimeoutMs: number): number {
  return requestTimeoutMs / 2;
}
