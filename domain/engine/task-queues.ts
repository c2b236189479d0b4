/**
 * The queue of a connection's dials. Each connection has its own, so that trouble or a backlog at one carrier slows down
 * neither the calls of others nor the roster.
 *
 * @param taskQueue the queue of the campaigns
 */
export function dialQueue(taskQueue: string, connection: string): string {
  return `${taskQueue}-dials-${connection}`;
}

/** Temporal takes names of 1,000 bytes, and refuses every start on a queue with a longer one. The rest is for suffixes. */
export const LONGEST_QUEUE_NAME = 200;
