export interface RepeatedWork {
  readonly everyMs: number;
  readonly work: () => Promise<void>;
  /** Receives the error of a failed run. The next run tries again. */
  readonly onFailure: (error: unknown) => void;
}

/** Repeats the work at an interval, never twice at the same time. `stop` waits for a run that is under way. */
export function repeatWork({ everyMs, work, onFailure }: RepeatedWork): { stop(): Promise<void> } {
  let working: Promise<void> | null = null;
  const timer = setInterval(() => {
    working ??= work()
      .catch(onFailure)
      .finally(() => {
        working = null;
      });
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await working;
    },
  };
}
