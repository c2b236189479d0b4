import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createTestDatabase } from './database.ts';
import { nextTaskQueue } from './ids.ts';
import { SEARCH_ATTRIBUTES } from '../../worker/search-attributes.ts';
import type { CampaignResult } from '../../workflows/messages.ts';
import { timeSkippingEnv } from './time-skipping.ts';
import { type Campaign, Stage, type StageOptions } from './stage.ts';

const { INDEXED_VALUE_TYPE_KEYWORD } = temporal.api.enums.v1.IndexedValueType;

/** A server that skips time and knows the search attributes: it would keep a broken workflow after refusing an unknown one. */
export async function virtualEnv(): Promise<TestWorkflowEnvironment> {
  const env = await timeSkippingEnv();
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, INDEXED_VALUE_TYPE_KEYWORD])),
  });
  return env;
}

/** A stage on a server that skips time; its provider and activities follow the server's clock. */
export async function virtualStage(
  env: TestWorkflowEnvironment,
  options: Pick<StageOptions, 'facts' | 'graceMs'> = {},
): Promise<Stage> {
  let latest = await env.currentTimeMs();
  return Stage.open({
    client: env.client,
    connection: env.nativeConnection,
    database: await createTestDatabase(),
    taskQueue: nextTaskQueue(),
    now: () => (latest = Math.max(latest, attemptScheduledAt() ?? latest)),
    time: () => env.currentTimeMs(),
    searchAttributes: true,
    ...options,
  });
}

/** The server's clock as an activity can see it; undefined outside of one. */
function attemptScheduledAt(): number | undefined {
  try {
    return Context.current().info.currentAttemptScheduledTimestampMs;
  } catch {
    return undefined;
  }
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
