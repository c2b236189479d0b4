import { DIAL } from '../engine/dial-budget.ts';

const WINDOW_MS = 10_000;

/** The number of dials that a connection with this rate may have in any ten seconds. */
export function dialsInTenSeconds(callsPerSecond: number): number {
  return Math.floor(10 * callsPerSecond + Math.max(1, callsPerSecond));
}

/**
 * Milliseconds between two reserved instants of a connection: a second by its rate. It is a little more for rates at which one
 * dial too many would fit into ten seconds if the first left late and the last on time.
 */
export function dialSpacingMs(callsPerSecond: number): number {
  return Math.max(1_000 / callsPerSecond, (WINDOW_MS + DIAL.instantLastsMs) / dialsInTenSeconds(callsPerSecond));
}
