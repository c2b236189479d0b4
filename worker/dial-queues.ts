import { connectionsWithoutWorker } from '../db/connections.ts';
import type { Queryable } from '../db/pool.ts';
import type { WorkerGroup } from './worker-group.ts';

export interface DialQueuesOptions {
  readonly pool: Queryable;
  readonly workers: Pick<WorkerGroup, 'remove'>;
  /** Adds the worker that dials through a connection to `workers`, under the connection's name, unless there is one. */
  readonly add: (name: string) => Promise<void>;
  /** The connections that this process has. */
  readonly own: () => readonly string[];
}

/**
 * Decides whose dials this process takes: those of the connections that it has, and those of connections that campaigns use and no worker
 * has. The latter are refused and the reason is told; without that they would wait for a worker. Once another worker has such a
 * connection, its dials are left to that worker.
 */
export class DialQueues {
  readonly #options: DialQueuesOptions;
  #served: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | null = null;
  #latest: Promise<void> = Promise.resolve();

  constructor(options: DialQueuesOptions) {
    this.#options = options;
  }

  /** One adjustment follows another. */
  adjust(): Promise<void> {
    const next = this.#latest.then(() => this.#adjust());
    this.#latest = next.catch(() => {});
    return next;
  }

  /** Campaigns and other workers come and go. What fails is made up for by the next time. */
  keepAdjusting(everyMs: number): void {
    this.#timer ??= setInterval(() => void this.adjust().catch(() => {}), everyMs).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#latest;
  }

  async #adjust(): Promise<void> {
    const { pool, workers, add, own } = this.#options;
    const wanted = new Set([...own(), ...(await connectionsWithoutWorker(pool))]);
    const left = [...this.#served].filter((name) => !wanted.has(name));
    this.#served = wanted;
    for (const name of left) workers.remove(name);
    for (const name of wanted) await add(name);
  }
}
