import type { ApiKey } from '../../db/api-keys.ts';

/** Hashes per query. Only a flood makes more wait at the same time. */
const MOST_PER_QUERY = 1_000;

interface Waiting {
  readonly hash: Buffer;
  readonly resolve: (key: ApiKey | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Looks up unknown keys, one query at a time. Requests that arrive while a query runs share the next one. A flood of
 * made-up keys therefore uses one database connection, and a valid key among them waits for two queries.
 */
export class KeyLookUp {
  readonly #find: (hashes: readonly Buffer[]) => Promise<readonly ApiKey[]>;
  #waiting: Waiting[] = [];
  #isRunning = false;

  constructor(find: (hashes: readonly Buffer[]) => Promise<readonly ApiKey[]>) {
    this.#find = find;
  }

  find(hash: Buffer): Promise<ApiKey | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ hash, resolve, reject });
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MOST_PER_QUERY);
      try {
        const keys = await this.#find(batch.map(({ hash }) => hash));
        const byHash = new Map(keys.map((key) => [key.hash.toString('hex'), key]));
        for (const { hash, resolve } of batch) resolve(byHash.get(hash.toString('hex')) ?? null);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isRunning = false;
  }
}
