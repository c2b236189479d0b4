/** Runs the bare workflow in a separate process, as a worker of Ringfence runs campaigns. */
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker, NativeConnection } from '@temporalio/worker';
import { z } from 'zod';
import { connectTemporal } from '../../client/temporal/connection.ts';
import { BARE_QUEUE } from './messages.ts';

const { TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, BARE_CALL_MS } = z
  .object({ TEMPORAL_ADDRESS: z.string(), TEMPORAL_NAMESPACE: z.string(), BARE_CALL_MS: z.coerce.number() })
  .parse(process.env);
const client = await connectTemporal();

const activities = {
  /** Places nothing. As long as a call lasts afterwards, a plain client frees the slot. */
  async place(workflowId: string): Promise<void> {
    void pause(BARE_CALL_MS).then(() => client.workflow.getHandle(workflowId).signal('freed'));
  },
};
export type BareActivities = typeof activities;

const connection = await NativeConnection.connect({ address: TEMPORAL_ADDRESS });
const worker = await Worker.create({
  connection,
  namespace: TEMPORAL_NAMESPACE,
  taskQueue: BARE_QUEUE,
  workflowsPath: fileURLToPath(new URL('workflow.ts', import.meta.url)),
  activities,
  maxConcurrentActivityTaskExecutions: 200,
});
process.on('SIGTERM', () => worker.shutdown());
const running = worker.run();
console.log(JSON.stringify({ ready: true }));
await running;
await client.connection.close();
await connection.close();
