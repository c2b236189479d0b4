/** What holds where nobody says otherwise, in the environment or in a program. */
export const WORKER_DEFAULTS = {
  taskQueue: 'ringfence',
  databaseConnections: 20,
  maxDials: 200,
  /** A dial that was tried again after crashes may have been accepted a minute after it was first sent. */
  callGraceMs: 90_000,
} as const;
