/**
 * The job on Temporal, as its documentation lays it out under "sliding window": a parent keeps as many child workflows
 * running as there are slots, one for each call. A child places its call in an activity, waits for the signal that the
 * webhook sends it, tells the parent by a signal, and ends. The parent counts those that run and starts the next.
 *
 * Children are abandoned by their parent's close, so that the parent can continue as new whenever the server suggests it,
 * and hands on who still runs. Nothing is lost with a worker: what ran is run again elsewhere, and a placement that was
 * cut off is repeated, under the same key, when its time is up. The bundle of the workflows is built once and kept, as is
 * recommended for production.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WorkflowNotFoundError } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { connectTemporal } from '../../client/temporal/connection.ts';
import { openPool } from '../../db/pool.ts';
import { createContactsTable, insertContacts } from './contacts-table.ts';
import { runPeer } from './peer-process.ts';
import { createPeerActivities } from './temporal-children/activities.ts';
import { callWorkflowId, QUEUE, type WindowInput } from './temporal-children/messages.ts';
import type { call, callEnded, slidingWindow } from './temporal-children/workflows.ts';

const WINDOW: typeof slidingWindow.name = 'slidingWindow';
const CALL: typeof call.name = 'call';
const CALL_ENDED: typeof callEnded.name = 'callEnded';

await runPeer(process.env, {
  async gateway({ DATABASE_URL, PEER_CONCURRENCY }) {
    const pool = openPool(DATABASE_URL);
    await createContactsTable(pool);
    const client = await connectTemporal();
    let enlisted = { count: 0, since: '' };
    return {
      async enlist(contacts) {
        enlisted = { count: contacts.length, since: new Date().toISOString() };
        await insertContacts(pool, contacts);
        const args: [WindowInput] = [{ slots: PEER_CONCURRENCY, next: 1, inFlight: [] }];
        await client.workflow.start(WINDOW, { workflowId: 'window', taskQueue: QUEUE, args });
      },
      async callEnded(callId, outcome) {
        try {
          await client.workflow.getHandle(callWorkflowId(callId)).signal(CALL_ENDED, outcome);
        } catch (error) {
          // Over already: the webhook came again.
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        }
      },
      async unfinished() {
        const { count } = await client.workflow.count(
          `WorkflowType = "${CALL}" and ExecutionStatus = "Completed" and StartTime >= "${enlisted.since}"`,
        );
        return enlisted.count - count;
      },
      async close() {
        await client.connection.close();
        await pool.end();
      },
    };
  },

  async worker({ DATABASE_URL, TEMPORAL_ADDRESS, PEER_HOME }, provider) {
    Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
    const pool = openPool(DATABASE_URL, { max: 20 });
    const connection = await NativeConnection.connect({ address: TEMPORAL_ADDRESS ?? '127.0.0.1:7233' });
    const worker = await Worker.create({
      // As Ringfence's workers have it: a workflow whose worker died is taken up by another sooner than after ten seconds.
      stickyQueueScheduleToStartTimeout: '3s',
      connection,
      taskQueue: QUEUE,
      workflowBundle: { code: await builtWorkflows(join(PEER_HOME, 'workflows.js')), sourceMap: '' },
      activities: createPeerActivities(pool, provider),
    });
    const running = worker.run();
    return {
      async close() {
        worker.shutdown();
        await running;
        await connection.close();
        await pool.end();
      },
    };
  },
});

async function builtWorkflows(file: string): Promise<string> {
  const built = await readFile(file, 'utf8').catch(() => null);
  if (built !== null) return built;
  const workflowsPath = fileURLToPath(new URL('temporal-children/workflows.ts', import.meta.url));
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: Runtime.instance().logger });
  await writeFile(`${file}.draft`, code);
  await rename(`${file}.draft`, file);
  return code;
}
