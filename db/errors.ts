/** Classes and codes of PostgreSQL's temporary errors: another try may succeed. */
const PASSING = [
  '08', // connection
  '53', // out of connections, memory or disk
  '25006', // takes no writes: a standby that has not taken over yet, or an operator's order
  '25P03', // the transaction was ended, because nothing came for it any more
  '57P', // shutting down, starting up, connection ended by an operator
  '40', // rolled back to resolve a deadlock or a conflict
];
/** A statement exceeded its time limit. */
const TOO_SLOW = '57014';
/** A lock was not granted within its time limit. */
const LOCKED = '55P03';
const SOCKET_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_DESTROYED',
]);
/** The driver's own errors about its connection have no code. */
const DRIVER_ERRORS =
  /timeout exceeded when trying to connect|timeout expired|read timeout|connection terminated|not queryable|client was closed/i;

/**
 * `unavailable`: no answer, or not now. `timeout`: a statement was given up. `locked`: another transaction holds a
 * lock.
 */
export type DatabaseErrorKind = 'unavailable' | 'timeout' | 'locked';

/** The kind of a temporary error. Null if the query itself was wrong. */
export function databaseErrorKind(error: unknown): DatabaseErrorKind | null {
  if (!(error instanceof Error)) return null;
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') return DRIVER_ERRORS.test(error.message) ? 'unavailable' : null;
  if (code === TOO_SLOW) return 'timeout';
  if (code === LOCKED) return 'locked';
  return SOCKET_ERRORS.has(code) || PASSING.some((prefix) => code.startsWith(prefix)) ? 'unavailable' : null;
}

/** Whether the database is unavailable or overloaded, and the query was not wrong. */
export function isTransientDatabaseError(error: unknown): boolean {
  return databaseErrorKind(error) !== null;
}
