import { describe, expect, it } from 'vitest';
import {
  DATABASE_LIMITS,
  HEALTH_LIMITS,
  IMPORTS,
  LOOK_UPS,
  LONG_TRANSACTIONS,
  MIGRATIONS,
  RECORD_ACTIVITIES,
  TOOL_LIMITS,
} from '../../../domain/engine/time-limits.ts';

const WHAT_SCHEDULERS_WAIT_MS = 5_000;

const DATABASE = [
  ['of gateway and worker', DATABASE_LIMITS],
  ['of tools', TOOL_LIMITS],
  ['of health checks', HEALTH_LIMITS],
] as const;

it.each(DATABASE)('the innermost limit speaks first: lock, statement, answer (%s)', (_, limits) => {
  expect(limits.lockMs).toBeLessThan(limits.statementMs);
  expect(limits.statementMs).toBeLessThan(limits.queryMs);
});

it('the answer to a statement behind one that takes a lock comes in time', () => {
  expect(DATABASE_LIMITS.lockMs + DATABASE_LIMITS.statementMs).toBeLessThan(DATABASE_LIMITS.queryMs);
});

it('a health check says that the database is away before a scheduler gives it up', () => {
  expect(HEALTH_LIMITS.connectMs + HEALTH_LIMITS.queryMs).toBeLessThan(WHAT_SCHEDULERS_WAIT_MS);
});

describe('activities', () => {
  const untilSaidToBeAway = DATABASE_LIMITS.connectMs + DATABASE_LIMITS.queryMs;

  it('say that the database is silent before their own time is over', () => {
    expect(untilSaidToBeAway).toBeLessThan(RECORD_ACTIVITIES.startToCloseMs);
  });

  it('with long transactions are over later than these, and missed when several looks fail', () => {
    expect(LONG_TRANSACTIONS.lockMs).toBeLessThan(LONG_TRANSACTIONS.statementMs);
    expect(LONG_TRANSACTIONS.statementMs).toBeLessThan(RECORD_ACTIVITIES.longStartToCloseMs);
    expect(3 * LONG_TRANSACTIONS.watchMs).toBeLessThan(RECORD_ACTIVITIES.longHeartbeatTimeoutMs);
    // The first look follows the connection, and a look may find its own connection silent.
    const { connectMs, queryMs } = DATABASE_LIMITS;
    expect(connectMs + LONG_TRANSACTIONS.watchMs + queryMs).toBeLessThan(RECORD_ACTIVITIES.longHeartbeatTimeoutMs);
  });

  it('that are rows of short transactions are missed when several heartbeats fail', () => {
    expect(3 * RECORD_ACTIVITIES.longHeartbeatEveryMs).toBeLessThan(RECORD_ACTIVITIES.longHeartbeatTimeoutMs);
  });
});

it('an idle transaction that holds rows is ended after those that wait for them have given up', () => {
  expect(DATABASE_LIMITS.lockMs).toBeLessThan(DATABASE_LIMITS.idleInTransactionMs);
  expect(DATABASE_LIMITS.idleInTransactionMs).toBeLessThan(LONG_TRANSACTIONS.lockMs);
});

it('a file has arrived before the statement that copies it is given up', () => {
  expect(IMPORTS.uploadMs).toBeLessThan(IMPORTS.statementMs);
});

it('a migration gives a lock up long before a statement', () => {
  expect(MIGRATIONS.lockMs).toBeLessThan(MIGRATIONS.statementMs);
});

it('a look-up has written down what was answered before it is given up, and is known to live meanwhile', () => {
  expect(2 * LOOK_UPS.heartbeatEveryMs).toBeLessThan(LOOK_UPS.heartbeatTimeoutMs);
  // First what our own tables know, in two statements that may each wait for a connection; then the provider.
  const records = 2 * (DATABASE_LIMITS.connectMs + DATABASE_LIMITS.queryMs);
  expect(records + LOOK_UPS.answerWithinMs).toBeLessThan(LOOK_UPS.startToCloseMs);
});
