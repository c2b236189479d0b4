export interface RepeatedWork {
  readonly everyMs: number;
  readonly work: () => Promise<void>;
  /** What it fails with. The next time it is tried again. */
  readonly onFailure: (error: unknown) => void;
}

/** Does the work again and again, never twice at a time. `stop` waits for the one that is under way. */
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
