/**
 * The defaults of all settings of worker, gateway and command line. The environment settings, the options of the
 * programming interfaces and the documents use them.
 */
export const DEFAULTS = {
  /** The task queue of campaigns. Dials use another one, with a suffix. */
  taskQueue: 'ringfence',
  databaseConnections: 20,
  logLevel: 'info',

  healthHost: '127.0.0.1',
  healthPort: 8081,
  maxDials: 200,
  /** A dial that was repeated after crashes may have been accepted a minute after it was first sent. */
  callGraceMs: 90_000,

  gatewayHost: '127.0.0.1',
  gatewayPort: 8080,
  /** Ten times the size of ten thousand usual contacts, the maximum of one request. */
  bodyLimit: 10 * 1024 * 1024,
  /** Twenty a second: far more than people and dashboards need, and too few to slow others down. */
  requestsPerMinute: 1_200,
} as const;
