/**
 * A process of the system under test. It is *running*; or *away*, between its death (ours or its own) and the moment at
 * which it is ready again; or *frozen*, which it does not notice; or *retired* for good. A start that fails because what it needs is away as well is repeated,
 * as whatever supervises such processes would do.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Child } from '../../scripts/child.ts';
import { processTree } from './process-tree.ts';

const AGAIN_AFTER_MS = 500;
/** A start that is given up before has ended by itself, because something that it needs was away. */
const HUNG_MS = 100_000;
/** Several starts, each given up when it is not ready in time. */
const BACK_WITHIN_MS = 400_000;

export class Part {
  kills = 0;
  freezes = 0;
  /** How often it ended without being killed. */
  crashes = 0;
  /** When it began to start and was not ready within the time of a start. Epoch milliseconds. */
  readonly hung: number[] = [];
  #child: Child | null = null;
  #starting: Promise<void> | null = null;
  #retired = false;

  /**
   * @param start resolves once the process is ready.
   * @param say told in one line what happens to it.
   */
  constructor(
    readonly name: string,
    private readonly start: () => Promise<Child>,
    private readonly say: (line: string) => void,
  ) {}

  /** Resolves once the process is ready; at once when it is. */
  run(): Promise<void> {
    if (this.#child) return Promise.resolve();
    this.#starting ??= this.#bringUp().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  /** Kills the process if it runs, and brings it back after `downMs`. */
  async killFor(downMs: number): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = null;
    this.kills += 1;
    await child.kill();
    await pause(downMs);
    const from = performance.now();
    await this.run();
    this.say(`${this.name} back after ${Math.round(performance.now() - from)} ms`);
  }

  /** Stops the process and all that it has started, without ending them, and lets them go on after `ms`. */
  async freezeFor(ms: number, signal: AbortSignal): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.freezes += 1;
    this.#signal(child, 'SIGSTOP');
    await pause(ms, undefined, { signal }).catch(() => {});
    this.#signal(child, 'SIGCONT');
    this.say(`${this.name} thawed after ${ms} ms`);
  }

  async stop(): Promise<void> {
    this.#retired = true;
    await this.#starting?.catch(() => {});
    await this.#child?.stop();
  }

  #signal(child: Child, signal: 'SIGSTOP' | 'SIGCONT'): void {
    // The parent first: it starts nothing more while its children are stopped.
    for (const pid of processTree(child.pid)) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  async #bringUp(): Promise<void> {
    const deadline = performance.now() + BACK_WITHIN_MS;
    for (;;) {
      const began = Date.now();
      try {
        this.#watch(await this.start());
        return;
      } catch (error) {
        if (this.#retired || performance.now() > deadline) throw error;
        if (Date.now() - began > HUNG_MS) this.hung.push(began);
        await pause(AGAIN_AFTER_MS);
      }
    }
  }

  #watch(child: Child): void {
    this.#child = child;
    void child.exited.then((how) => {
      if (this.#child !== child || this.#retired) return;
      this.#child = null;
      this.crashes += 1;
      this.say(`${this.name} ended by itself (${how})`);
      this.run().catch((error: unknown) => this.say(`${this.name} does not come back: ${String(error)}`));
    });
  }
}
