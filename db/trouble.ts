/** Classes and codes of PostgreSQL's errors that pass by themselves: another try may find the database well. */
const PASSING = [
  '08', // connection
  '53', // out of connections, memory or disk
  '25006', // takes no writes: a standby that has not taken over yet, or an operator's order
  '57P', // shutting down, starting up, connection ended by an operator
  '40', // rolled back to resolve a deadlock or a conflict
];
const SOCKET_TROUBLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']);
/** The driver's own complaints about its connection carry no code. */
const DRIVER_TROUBLE =
  /timeout exceeded when trying to connect|timeout expired|connection terminated|not queryable|client was closed/i;

/** Whether an error of the driver tells that the database is away or overloaded, not that the query was wrong. */
export function isDatabaseTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') return DRIVER_TROUBLE.test(error.message);
  return SOCKET_TROUBLE.has(code) || PASSING.some((prefix) => code.startsWith(prefix));
}
