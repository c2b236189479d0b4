/** What tests need of a server that skips time, however it was started. */
import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { SEARCH_ATTRIBUTES } from '../../../worker/search-attributes.ts';
import type { CampaignResult } from '../../../workflows/messages.ts';
import type { Campaign, WorkflowHarnessOptions } from './workflow-harness.ts';

const { INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;

/** This server would keep a broken workflow after refusing to start it for an attribute that it does not know. */
export async function registerSearchAttributes({ connection }: TestWorkflowEnvironment): Promise<void> {
  await connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, INDEXED_VALUE_TYPE_KEYWORD])),
  });
}

/** A harness's options on such a server: its provider and activities follow the server's clock. */
export async function onServerClock(
  env: TestWorkflowEnvironment,
): Promise<
  Pick<WorkflowHarnessOptions, 'client' | 'connection' | 'now' | 'databaseClock' | 'time' | 'searchAttributes'>
> {
  let latest = await env.currentTimeMs();
  const now = (): number => (latest = Math.max(latest, attemptScheduledAt() ?? latest));
  return {
    client: env.client,
    connection: env.nativeConnection,
    now,
    databaseClock: () => Promise.resolve(now()),
    time: () => env.currentTimeMs(),
    searchAttributes: true,
  };
}

/**
 * Lets time run ahead until the campaign has ended. A wait for a result has its end on the server's clock too, so a jump
 * over months makes the server answer with nothing.
 */
export async function runToEnd({ handle }: Campaign): Promise<CampaignResult> {
  for (;;) {
    try {
      return await handle.result();
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      const { status } = await handle.describe();
      if (status.name !== 'RUNNING') throw error;
    }
  }
}

/** The server's clock as an activity can see it; undefined outside of one. */
function attemptScheduledAt(): number | undefined {
  try {
    return Context.current().info.currentAttemptScheduledTimestampMs;
  } catch {
    return undefined;
  }
}
