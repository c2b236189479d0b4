import { Client } from '@temporalio/client';
import { connectTemporal } from '../../../client/temporal/connection.ts';
import { NativeConnection } from '@temporalio/worker';
import { inject } from 'vitest';
import { createTestDatabase } from './database.ts';
import { nextTaskQueue } from '../factories/ids.ts';
import { WorkflowHarness, type WorkflowHarnessOptions } from './workflow-harness.ts';

export interface RealTimeHarness {
  readonly harness: WorkflowHarness;
  close(): Promise<void>;
}

/** A harness on a real Temporal server: the run's own unless another address is given. */
export async function realTimeHarness({
  address = inject('temporalAddress'),
  database,
  ...options
}: Partial<
  Pick<
    WorkflowHarnessOptions,
    'database' | 'facts' | 'graceMs' | 'limits' | 'maxCachedWorkflows' | 'now' | 'databaseClock'
  >
> & {
  readonly address?: string;
} = {}): Promise<RealTimeHarness> {
  const { connection } = await connectTemporal({ env: { TEMPORAL_ADDRESS: address } });
  const native = await NativeConnection.connect({ address });
  const harness = await WorkflowHarness.open({
    client: new Client({ connection, identity: 'harness' }),
    connection: native,
    database: database ?? (await createTestDatabase()),
    taskQueue: nextTaskQueue(),
    searchAttributes: true,
    ...options,
  });
  return {
    harness,
    async close() {
      await harness.close();
      await native.close();
      await connection.close();
    },
  };
}
