import type { Child } from '../child.ts';
import { endOfLog } from '../wait-until-ready.ts';

interface Running {
  readonly name: string;
  readonly child: Child;
  readonly rank: number;
}

/**
 * The processes that one start brings up. It stops them in the reverse of the order in which they depend on each other,
 * and tells when one ends by itself.
 */
export class Children {
  readonly #running: Running[] = [];
  readonly #starting: Promise<unknown>[] = [];
  readonly #onEnd: (reason: string) => void;
  #stopping = false;

  /** @param onEnd told, with the end of its log, about each process that ends before it is asked to. */
  constructor(onEnd: (reason: string) => void) {
    this.#onEnd = onEnd;
  }

  /**
   * Starts a process and waits until it is ready.
   * @param rank those of a higher rank need those of a lower one.
   * @param childOf null for a server that is not ours.
   */
  async start<T>(
    { name, rank, logFile }: { readonly name: string; readonly rank: number; readonly logFile: string },
    start: () => Promise<T>,
    childOf: (started: T) => Child | null,
  ): Promise<T> {
    const starting = start().then((started) => {
      const child = childOf(started);
      if (child) this.#watch({ name, child, rank }, logFile);
      return started;
    });
    this.#starting.push(starting);
    return starting;
  }

  #watch(running: Running, logFile: string): void {
    this.#running.push(running);
    void running.child.exited.then(async (how) => {
      if (this.#stopping) return;
      this.#onEnd(`${running.name} ended (${how}). The end of ${logFile}:\n${await endOfLog(logFile)}`);
    });
  }

  /** Stops everything in order, what is only starting included. Resolves once nothing is left. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.allSettled(this.#starting);
    const ranks = [...new Set(this.#running.map(({ rank }) => rank))].sort((a, b) => b - a);
    for (const rank of ranks) {
      const children = this.#running.filter((running) => running.rank === rank);
      await Promise.all(children.map(({ child }) => child.stop()));
    }
  }

  /** Ends what runs, at once. What is only starting is ended by its guard when this process is gone. */
  async kill(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running.map(({ child }) => child.kill()));
  }
}
