import { Worker, type WorkerOptions } from '@temporalio/worker';

/**
 * The Temporal workers of one process: one runs campaigns, one for each connection dials. All run and stop together, because
 * campaigns without dials, or dials without campaigns, are useless. One may join, or be removed, while the others run.
 */
export class WorkerGroup {
  readonly #workers = new Map<string, Worker>();
  readonly #ends = new Map<string, Promise<void>>();
  #running: Promise<void>[] | null = null;
  #stopping = false;

  /** Creates a worker under this key, unless there is one. */
  async add(key: string, options: WorkerOptions): Promise<void> {
    if (this.#workers.has(key) || this.#stopping) return;
    // The server takes no second worker for a queue while one that was removed finishes its tasks.
    await this.#ends.get(key)?.catch(() => {});
    if (this.#stopping) return;
    const worker = await Worker.create(options);
    this.#workers.set(key, worker);
    if (!this.#running) return;
    this.#start(key, worker);
    if (this.#stopping) this.shutdown();
  }

  /** Stops the worker under this key, if it runs. It takes no more tasks, and finishes those that it has. The others go on. */
  remove(key: string): void {
    const worker = this.#workers.get(key);
    if (worker?.getState() !== 'RUNNING') return;
    this.#workers.delete(key);
    worker.shutdown();
  }

  /** Resolves when all have stopped. Rejects if one of them cannot continue. */
  async run(): Promise<void> {
    this.#running = [];
    for (const [key, worker] of this.#workers) this.#start(key, worker);
    if (this.#stopping) this.shutdown();
    let ended: PromiseSettledResult<void>[] = [];
    // One may join while the others end.
    while (ended.length < this.#running.length) ended = await Promise.allSettled(this.#running);
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
  }

  shutdown(): void {
    this.#stopping = true;
    // A worker throws if it is stopped twice.
    for (const worker of this.#workers.values()) if (worker.getState() === 'RUNNING') worker.shutdown();
  }

  isRunning(): boolean {
    return [...this.#workers.values()].every((worker) => worker.getState() === 'RUNNING');
  }

  #start(key: string, worker: Worker): void {
    const end = worker.run().finally(() => {
      if (this.#workers.get(key) === worker) this.shutdown();
    });
    this.#ends.set(key, end);
    // `run` reports it.
    end.catch(() => {});
    this.#running?.push(end);
  }
}
