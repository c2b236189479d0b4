import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { inject } from 'vitest';
import { createTestDatabase } from './database.ts';
import { nextTaskQueue } from './ids.ts';
import { Stage, type StageOptions } from './stage.ts';

export interface RealStage {
  readonly stage: Stage;
  close(): Promise<void>;
}

/** A stage on a real Temporal server: the run's own unless another address is given. */
export async function realStage({
  address = inject('temporalAddress'),
  database,
  ...options
}: Partial<Pick<StageOptions, 'database' | 'facts' | 'graceMs' | 'maxCachedWorkflows' | 'now' | 'databaseClock'>> & {
  readonly address?: string;
} = {}): Promise<RealStage> {
  const connection = await Connection.connect({ address });
  const native = await NativeConnection.connect({ address });
  const stage = await Stage.open({
    client: new Client({ connection, identity: 'stage' }),
    connection: native,
    database: database ?? (await createTestDatabase()),
    taskQueue: nextTaskQueue(),
    searchAttributes: true,
    ...options,
  });
  return {
    stage,
    async close() {
      await stage.close();
      await native.close();
      await connection.close();
    },
  };
}
