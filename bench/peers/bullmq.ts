/**
 * The job on BullMQ 6, on Redis or, with the same code, on its PostgreSQL backend.
 *
 * BullMQ has what the others lack, a limit over all workers: global concurrency counts the jobs of a queue that are
 * active. So a job here is one call from placement to end, and the slots are counted by BullMQ itself, also those of a
 * worker that was killed: its jobs stay active until they are found to be stalled. The contacts are the jobs.
 *
 * The webhook stores the end of a call as the progress of its job, which survives everything and reaches the worker as an
 * event of the queue. A job that is run again finds there that its call is over, or else places it again under the same
 * key, to which the provider gives its first answer, and goes on waiting. An event that the worker missed is found by
 * reading the job again from time to time.
 *
 * The lock of a job is renewed while its worker lives. Lock and search for stalled jobs take 30 seconds each by default; a
 * third of that is safe for jobs that only wait, and brings the slots of a killed worker back sooner. A job may be stalled
 * more often than once, since it is harmless to run it again.
 */
import { createPostgresBackend, createRedisBackend, type IQueueBackend, runMigrations, withBackend } from 'bullmq';
import pg from 'pg';
import { type PeerRoles, placeCall, runPeer } from './peer-process.ts';
import { PeerSettings } from './settings.ts';

const QUEUE = 'calls';
const LOCK_MS = 10_000;
const STALLED_MS = 5_000;
const STALLED_OFTEN = 20;
const TRIES = 20;
const READ_AGAIN_MS = 5_000;
const PIECE = 1_000;
/** Connections of each queue, worker or reader of events. */
const POOL = 10;

interface Ended {
  readonly ended: string;
}

function roles<B extends IQueueBackend, C>(
  { Queue, QueueEvents, Worker }: ReturnType<typeof withBackend<B, C>>,
  connection: C,
): PeerRoles {
  return {
    async gateway({ PEER_CONCURRENCY }) {
      const queue = new Queue(QUEUE, { connection });
      await queue.setGlobalConcurrency(PEER_CONCURRENCY);
      return {
        async enlist(contacts) {
          const jobs = contacts.map((contact) => ({
            name: 'call',
            data: contact,
            opts: { jobId: contact.call_id, attempts: TRIES, backoff: { type: 'exponential', delay: 1_000 } },
          }));
          for (let from = 0; from < jobs.length; from += PIECE) await queue.addBulk(jobs.slice(from, from + PIECE));
        },
        callEnded: (callId, outcome) => queue.updateJobProgress(callId, { ended: outcome } satisfies Ended),
        unfinished: () => queue.getJobCountByTypes('waiting', 'active', 'delayed', 'prioritized', 'failed'),
        close: () => queue.close(),
      };
    },

    async worker({ PEER_CONCURRENCY }, provider) {
      const queue = new Queue(QUEUE, { connection });
      const events = new QueueEvents(QUEUE, { connection });
      const waiting = new Map<string, () => void>();
      events.on('progress', ({ jobId }) => waiting.get(jobId)?.());
      await events.waitUntilReady();

      const ended = async (callId: string): Promise<boolean> => hasEnded((await queue.getJob(callId))?.progress);
      const untilEnded = async (callId: string): Promise<void> => {
        let timer: NodeJS.Timeout | undefined;
        const told = new Promise<void>((resolve) => {
          waiting.set(callId, resolve);
          timer = setInterval(() => {
            void ended(callId).then((over) => over && resolve());
          }, READ_AGAIN_MS);
        });
        try {
          // It may have ended before anybody listened.
          if (!(await ended(callId))) await told;
        } finally {
          clearInterval(timer);
          waiting.delete(callId);
        }
      };
      const worker = new Worker(
        QUEUE,
        async ({ data, progress }) => {
          if (hasEnded(progress)) return;
          const { providerCallId } = await placeCall(provider, data);
          if (providerCallId !== null) await untilEnded(data.call_id);
        },
        {
          connection,
          concurrency: PEER_CONCURRENCY,
          lockDuration: LOCK_MS,
          stalledInterval: STALLED_MS,
          maxStalledCount: STALLED_OFTEN,
        },
      );
      worker.on('error', (error) => console.error(error.message));
      await worker.waitUntilReady();
      return {
        async close() {
          await worker.close();
          await events.close();
          await queue.close();
        },
      };
    },
  };
}

function hasEnded(progress: unknown): boolean {
  return typeof progress === 'object' && progress !== null && 'ended' in progress;
}

const { PEER_BACKEND, PEER_ROLE, DATABASE_URL, REDIS_PORT } = PeerSettings.parse(process.env);
if (PEER_BACKEND === 'redis') {
  const connection = { host: '127.0.0.1', port: REDIS_PORT, maxRetriesPerRequest: null };
  await runPeer(process.env, roles(withBackend(createRedisBackend), connection));
} else {
  if (PEER_ROLE === 'gateway') await migrate();
  const connection = { connectionString: DATABASE_URL, max: POOL };
  await runPeer(process.env, roles(withBackend(createPostgresBackend), connection));
}

async function migrate(): Promise<void> {
  const client = new pg.Client({ connectionString: DATABASE_URL });
  await client.connect();
  await runMigrations(client);
  await client.end();
}
