/**
 * Every default of a setting that worker, gateway and command line share or document: the settings from the environment, the
 * options of the programming interfaces and the documents take it from here.
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
  /** Ten thousand contacts, the most that one request may state, fit ten times over. */
  bodyLimit: 10 * 1024 * 1024,
  /** Twenty a second: far more than people and dashboards need, and less than would slow others down. */
  requestsPerMinute: 1_200,
} as const;
