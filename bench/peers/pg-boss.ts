/**
 * The job on pg-boss 10, the last line that runs on Node.js 20.
 *
 * Like graphile-worker it stores jobs in PostgreSQL and takes part in one's own transaction, through its `db` option. So
 * the plan is the same: short jobs that place one call each, and slots that the webhook's transaction hands on. Its queue
 * policies limit how many jobs of a key are active, not how many calls go on, so the slots are counted in the table.
 *
 * Workers poll, twice a second at the most. Its documentation names the way around that: notifyWorker, told through a
 * separate channel. Here the transaction that adds a job sends a NOTIFY, and the worker process wakes one of its
 * workers. Each `work` takes one job after the other, so there are several.
 *
 * A job of a killed process is active until it expires, 15 minutes by default, and expiry is looked for every two. Both
 * are brought down to seconds: a placement takes at most five.
 */
import PgBoss from 'pg-boss';
import pg from 'pg';
import { inTransaction, openPool, type Pool } from '../../db/pool.ts';
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

const QUEUE = 'place';
const CHANNEL = 'place';
const POOL = 20;
/** Twice the time that a placement may take. */
const EXPIRES_S = 10;
const LOOK_FOR_EXPIRED_S = 5;
const TRIES = 20;
const MOST_WORKERS = 20;
/** The least that it allows. */
const POLL_S = 0.5;

interface PlaceJob {
  readonly callId: string;
}

await runPeer(process.env, {
  async gateway({ DATABASE_URL, PEER_CONCURRENCY }) {
    const pool = openPool(DATABASE_URL, { max: POOL });
    await createContactsTable(pool);
    const boss = await startBoss(DATABASE_URL, { supervise: false, schedule: false });
    await boss.createQueue(QUEUE, { name: QUEUE, retryLimit: TRIES, retryDelay: 1, expireInSeconds: EXPIRES_S });
    return {
      enlist: (contacts) =>
        inTransaction(pool, async (tx) => {
          await insertContacts(tx, contacts);
          for (const callId of await takeContacts(tx, PEER_CONCURRENCY)) await addJob(boss, tx, callId);
        }),
      callEnded: (callId, outcome) => handOn(boss, pool, callId, outcome),
      unfinished: () => countUnfinished(pool),
      async close() {
        await boss.stop();
        await pool.end();
      },
    };
  },

  async worker({ DATABASE_URL, PEER_CONCURRENCY }, provider) {
    const pool = openPool(DATABASE_URL, { max: POOL });
    const boss = await startBoss(DATABASE_URL, { schedule: false, maintenanceIntervalSeconds: LOOK_FOR_EXPIRED_S });
    const wake = await startWorkers(boss, pool, provider, Math.min(PEER_CONCURRENCY, MOST_WORKERS));
    const listener = new pg.Client({ connectionString: DATABASE_URL });
    // What is missed while it is away is found by polling.
    listener.on('error', (error) => console.error(error.message));
    listener.on('notification', wake);
    await listener.connect();
    await listener.query(`listen ${CHANNEL}`);
    return {
      async close() {
        await listener.end();
        await boss.stop();
        await pool.end();
      },
    };
  },
});

async function startBoss(connectionString: string, options: PgBoss.ConstructorOptions): Promise<PgBoss> {
  const boss = new PgBoss({ connectionString, ...options });
  boss.on('error', (error) => console.error(error.message));
  return boss.start();
}

/** Returns how to wake one of them: in turn, and one that is idle where there is one. */
async function startWorkers(boss: PgBoss, pool: Pool, provider: CallProvider, count: number): Promise<() => void> {
  const workers: { readonly id: string; readonly busy: () => boolean }[] = [];
  for (let index = 0; index < count; index += 1) {
    let busy = false;
    const id = await boss.work<PlaceJob>(QUEUE, { pollingIntervalSeconds: POLL_S }, async (jobs) => {
      busy = true;
      try {
        for (const { data } of jobs) await place(boss, pool, provider, data.callId);
      } finally {
        busy = false;
      }
    });
    workers.push({ id, busy: () => busy });
  }
  let turn = 0;
  return () => {
    const inTurn = [...workers.slice(turn), ...workers.slice(0, turn)];
    const worker = inTurn.find(({ busy }) => !busy()) ?? inTurn[0];
    if (worker === undefined) return;
    turn = (workers.indexOf(worker) + 1) % workers.length;
    boss.notifyWorker(worker.id);
  };
}

async function place(boss: PgBoss, pool: Pool, provider: CallProvider, callId: string): Promise<void> {
  const contact = await contactToPlace(pool, callId);
  if (contact === null) return;
  const { providerCallId } = await placeCall(provider, contact);
  if (providerCallId === null) await handOn(boss, pool, callId, 'failed');
  else await recordPlacement(pool, callId, providerCallId);
}

async function handOn(boss: PgBoss, pool: Pool, callId: string, outcome: string): Promise<void> {
  await inTransaction(pool, async (tx) => {
    const next = await endContact(tx, callId, outcome);
    if (next !== null) await addJob(boss, tx, next);
  });
}

async function addJob(boss: PgBoss, tx: pg.PoolClient, callId: string): Promise<void> {
  const db = { executeSql: (text: string, values: unknown[]) => tx.query(text, values) };
  await boss.send(QUEUE, { callId }, { db, singletonKey: callId });
  // With the id, since equal messages of one transaction arrive as one.
  await tx.query('select pg_notify($1, $2)', [CHANNEL, callId]);
}
