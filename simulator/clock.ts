/** The clock of the simulator, so that tests can pass another one. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `work` once after `ms`; the result takes it back. */
  after(ms: number, work: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

/** The timers of one simulator, taken back together. */
export class Timers {
  readonly #pending = new Map<object, { cancel: () => void; cutShort: () => void }>();
  #closed = false;

  constructor(readonly clock: Clock) {}

  now(): number {
    return this.clock.now();
  }

  after(ms: number, work: () => void): void {
    this.#start(ms, work, () => {});
  }

  /** Resolves to true after `ms`, or to false as soon as it is taken back. */
  sleep(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#start(
        ms,
        () => resolve(true),
        () => resolve(false),
      );
    });
  }

  /** Takes back everything that is pending; later timers still work. */
  clear(): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { cancel, cutShort } of pending) {
      cancel();
      cutShort();
    }
  }

  close(): void {
    this.#closed = true;
    this.clear();
  }

  #start(ms: number, work: () => void, cutShort: () => void): void {
    if (this.#closed) {
      cutShort();
      return;
    }
    const token = {};
    const cancel = this.clock.after(ms, () => {
      if (this.#pending.delete(token)) work();
    });
    this.#pending.set(token, { cancel, cutShort });
  }
}
