import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { DatabaseClock } from '../db/clock.ts';
import type { Pool } from '../db/pool.ts';
import type { PacingFacts } from '../domain/engine/campaign-state.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { workflowId } from '../domain/engine/ids.ts';
import type { Connections } from '../providers/connections/open-connections.ts';

/** All external dependencies of the activities, created once in the worker's main file. */
export interface ActivityDeps {
  readonly pool: Pool;
  readonly connections: Connections;
  /** What pacing depends on, for a campaign of this connection. */
  readonly factsOf: (connection: string) => PacingFacts;
  /**
   * This machine's clock, in epoch milliseconds. It measures durations; the database's clock decides what time it is.
   */
  readonly now: () => number;
  readonly databaseClock: DatabaseClock;
}

/**
 * The run that called this activity. Only the owner of a campaign's records may change them. A workflow under any other
 * id than the campaign's own is refused: Temporal prevents two simultaneous runs of one id, but not of two ids.
 */
export function callingRun(campaignId: string): string {
  const { workflowExecution } = Context.current().info;
  if (workflowExecution?.workflowId === workflowId(campaignId)) return workflowExecution.runId;
  const message = `A campaign runs as the workflow ${workflowId(campaignId)}, and as no other: start it under that id.`;
  throw new RingfenceError('misconfigured', message, { details: { campaign_id: campaignId } });
}

/**
 * The only place where errors go to Temporal. Only the code and ids are passed on: the message of a driver or provider
 * may quote the row or the request, which must not enter a history. No error is final by itself, because a missing
 * record may come back while the database is being restored. `workflows/proxies.ts` lists the codes that are not
 * retried.
 */
export function withErrorBoundary<A extends unknown[], R>(
  activity: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await activity(...args);
    } catch (error) {
      const code = error instanceof RingfenceError ? error.code : databaseCode(error);
      Context.current().log.warn('activity failed', {
        code,
        ...(error instanceof RingfenceError ? error.details : {}),
      });
      throw ApplicationFailure.create({
        type: code,
        message: error instanceof RingfenceError ? error.message : `Failed with ${code}.`,
      });
    }
  };
}

/** PostgreSQL's SQLSTATE or the socket's error code: short, stable and free of data. */
function databaseCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[A-Z0-9_]{4,24}$/.test(code) ? code : 'internal';
}
