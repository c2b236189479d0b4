/**
 * How long anything may take that waits for PostgreSQL, and the activities that wait for it in turn. All are milliseconds.
 * The time budget of a dial is in `dial-budget.ts`.
 *
 * Each limit is longer than those inside it: a lock is given up before its statement, a statement before the client stops
 * waiting for its answer, and an answer before the activity's time is over. So the innermost one speaks, which knows best
 * what it waited for. `test/unit/domain/time-limits.test.ts` holds the inequalities.
 */
export interface DatabaseLimits {
  /** For a connection: a free one of the pool, or a new one. */
  readonly connectMs: number;
  /** For one lock, told to the server. */
  readonly lockMs: number;
  /** For one statement, its locks included, told to the server. */
  readonly statementMs: number;
  /** For an answer, measured here. Only a server that cannot be reached any more lets it pass. */
  readonly queryMs: number;
  /** For the next statement of a transaction, told to the server. */
  readonly idleInTransactionMs: number;
}

/** Of gateway and worker. */
export const DATABASE_LIMITS: DatabaseLimits = {
  // A new connection takes milliseconds, over TLS and far away a second.
  connectMs: 4_000,
  // A row that is locked for longer belongs to a long operation; waiting would only take connections from others.
  lockMs: 3_000,
  // Milliseconds, on a busy database a second or two.
  statementMs: 5_000,
  // A statement is often sent right behind one that takes a lock: the answer to both may rightly take as long as both.
  queryMs: 9_000,
  // A process that was frozen in the middle of a transaction, or cut off, must not keep others from its rows for longer.
  idleInTransactionMs: 10_000,
};

/** Of scripts and the command line: they do one thing, nobody waits behind them, and it may be large. */
export const TOOL_LIMITS: DatabaseLimits = {
  ...DATABASE_LIMITS,
  lockMs: 60_000,
  statementMs: 5 * 60_000,
  queryMs: 7 * 60_000,
};

/** A readiness check waits a few seconds at most. */
export const HEALTH_LIMITS: DatabaseLimits = {
  ...DATABASE_LIMITS,
  connectMs: 1_000,
  lockMs: 300,
  statementMs: 500,
  queryMs: 1_000,
};

/** Transactions of the size of a roster or a folder have separate limits. */
export const LONG_TRANSACTIONS = {
  /** For its locks. Others of its kind may hold them; nobody else waits behind it meanwhile. */
  lockMs: 30_000,
  /** A million rows take a minute or two on a small database. */
  statementMs: 10 * 60_000,
  /** From one question whether the server still works on it to the next. */
  watchMs: 5_000,
  /** Part of a pool's connections that such transactions may hold at once. The rest serves what is short. */
  shareOfPool: 0.25,
} as const;

/** A folder or a campaign is deleted while somebody waits for the answer. */
export const DELETIONS = {
  /** For other deletions. */
  turnMs: 5_000,
  lockMs: 3_000,
  /** A million contacts take seconds, with the records of millions of calls a minute. */
  statementMs: 5 * 60_000,
} as const;

/** Contact files. */
export const IMPORTS = {
  /** From the first byte to the last, whatever its size. What comes later is cut off, and nothing of it is imported. */
  uploadMs: 15 * 60_000,
  /** The rows are copied by one statement, which takes as long as the file takes to arrive. */
  statementMs: 20 * 60_000,
} as const;

export const MIGRATIONS = {
  /** Who waits for a lock on a table keeps everybody from it who comes later: better the start fails, and is repeated. */
  lockMs: 10_000,
  /** An index over every call that was ever made. */
  statementMs: 60 * 60_000,
} as const;

/** Activities over the records, in Temporal's words. */
export const RECORD_ACTIVITIES = {
  /** For a short transaction. A worker that dies during one is noticed only by this. */
  startToCloseMs: 20_000,
  /** For a long one. */
  longStartToCloseMs: 15 * 60_000,
  /** Of a long one that is a row of short transactions. */
  longHeartbeatEveryMs: 5_000,
  /** Several times the interval at which a long one is watched. */
  longHeartbeatTimeoutMs: 20_000,
} as const;

/** One look-up of several calls at the provider. */
export const LOOK_UPS = {
  heartbeatEveryMs: 3_000,
  /** A worker that died is noticed by this. */
  heartbeatTimeoutMs: 10_000,
  /** What the provider has not answered by this time after the first question is asked again later. The rest counts. */
  answerWithinMs: 30_000,
  /** Until everything is answered or given up, and written down: each question ends with the provider's request time-out. */
  startToCloseMs: 75_000,
} as const;

/** Answers to commands and edits. */
export const ACKNOWLEDGEMENTS = {
  /** An acknowledgement waits this long for the database to know as well, so that a read right after it agrees. */
  syncWithinMs: 2_000,
} as const;
