/**
 * The job on graphile-worker 0.17, the last line that runs on Node.js 20.
 *
 * What speaks for it is that a job can be added in the same transaction as one's own data, and that workers are woken by
 * LISTEN/NOTIFY. So a job is short: it places one call, records the answer, and is done. No job waits for a call to end:
 * the webhook's transaction ends the contact, takes the next and adds its job, so that the slot is handed on whole or not
 * at all. Its concurrency is that of one process and would be forgotten with it, so the slots are counted in the table.
 * Jobs run at least once: a contact that is known to be called is not called again, and otherwise the key stays the same.
 *
 * A job of a worker that was killed stays locked for four hours, longer than a provider remembers a key. The
 * documentation's way out is to unlock what dead workers hold; Worker Pro finds them by heartbeat, which is not free. Here
 * one worker runs at a time, held to it by an advisory lock, so whatever is locked when it starts belongs to a dead one.
 */
import { type Job, Logger, makeWorkerUtils, run, type TaskList } from 'graphile-worker';
import type pg from 'pg';
import { z } from 'zod';
import { inTransaction, openPool, type Pool, type Queryable } from '../../db/pool.ts';
import type { CallProvider } from '../../providers/port.ts';
import {
  contactToPlace,
  countUnfinished,
  createContactsTable,
  endContact,
  insertContacts,
  recordPlacement,
  takeContacts,
} from './contacts-table.ts';
import { placeCall, runPeer } from './peer-process.ts';

const PlaceJob = z.object({ callId: z.string() });
const ONLY_WORKER = 1;
const POOL = 20;

/** By default every job writes a line. Node finds no `LogLevel` among what the package exports. */
const WRITTEN: ReadonlySet<string> = new Set(['error', 'warning']);
const logger = new Logger(() => (level, message) => {
  if (WRITTEN.has(level)) console.error(message);
});

await runPeer(process.env, {
  async gateway({ DATABASE_URL, PEER_CONCURRENCY }) {
    const pool = openPool(DATABASE_URL, { max: POOL });
    const utils = await makeWorkerUtils({ pgPool: pool, logger });
    await utils.migrate();
    await createContactsTable(pool);
    return {
      enlist: (contacts) =>
        inTransaction(pool, async (tx) => {
          await insertContacts(tx, contacts);
          for (const callId of await takeContacts(tx, PEER_CONCURRENCY)) await addJob(tx, callId);
        }),
      callEnded: (callId, outcome) => handOn(pool, callId, outcome),
      unfinished: () => countUnfinished(pool),
      async close() {
        await utils.release();
        await pool.end();
      },
    };
  },

  async worker({ DATABASE_URL, PEER_CONCURRENCY }, provider) {
    const pool = openPool(DATABASE_URL, { max: POOL });
    const guard = await becomeOnlyWorker(pool);
    await unlockJobsOfTheDead(pool);
    const runner = await run({
      pgPool: pool,
      logger,
      concurrency: PEER_CONCURRENCY,
      noHandleSignals: true,
      taskList: tasks(pool, provider),
    });
    return {
      async close() {
        await runner.stop();
        guard.release();
        await pool.end();
      },
    };
  },
});

function tasks(pool: Pool, provider: CallProvider): TaskList {
  return {
    async place(payload: unknown) {
      const { callId } = PlaceJob.parse(payload);
      const contact = await contactToPlace(pool, callId);
      if (contact === null) return;
      const { providerCallId } = await placeCall(provider, contact);
      if (providerCallId === null) await handOn(pool, callId, 'failed');
      else await recordPlacement(pool, callId, providerCallId);
    },
  };
}

async function handOn(pool: Pool, callId: string, outcome: string): Promise<void> {
  await inTransaction(pool, async (tx) => {
    const next = await endContact(tx, callId, outcome);
    if (next !== null) await addJob(tx, next);
  });
}

async function addJob(tx: Queryable, callId: string): Promise<void> {
  await tx.query(`select graphile_worker.add_job('place', json_build_object('callId', $1::text), job_key := $1)`, [
    callId,
  ]);
}

async function becomeOnlyWorker(pool: Pool): Promise<pg.PoolClient> {
  const client = await pool.connect();
  await client.query('select pg_advisory_lock($1)', [ONLY_WORKER]);
  return client;
}

async function unlockJobsOfTheDead(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ locked_by: NonNullable<Job['locked_by']> }>(
    'select distinct locked_by from graphile_worker.jobs where locked_by is not null',
  );
  const utils = await makeWorkerUtils({ pgPool: pool, logger });
  await utils.forceUnlockWorkers(rows.map(({ locked_by }) => locked_by));
  await utils.release();
}
