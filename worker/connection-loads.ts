import { randomUUID } from 'node:crypto';
import { forgetLoads, recordLoads, RENEW_LOADS_MS } from '../db/connection-loads.ts';
import type { Pool } from '../db/pool.ts';
import type { Connections } from '../providers/connections/open-connections.ts';

/** Tells the other workers which rates and limits this one has loaded. */
export class ConnectionLoads {
  readonly #pool: Pool;
  readonly #connections: Connections;
  readonly #wakeCoordinator: (connection: string) => Promise<void>;
  readonly #process = randomUUID();
  #timer: NodeJS.Timeout | null = null;

  /** @param wakeCoordinator called for each connection whose limit is shared and may have changed */
  constructor(pool: Pool, connections: Connections, wakeCoordinator: (connection: string) => Promise<void>) {
    this.#pool = pool;
    this.#connections = connections;
    this.#wakeCoordinator = wakeCoordinator;
  }

  /** Records the present rates. From the first time on they are renewed until `stop`. */
  async record(): Promise<void> {
    const loads = this.#connections.all().map(({ connection: { name, callsPerSecond, maxConcurrentCalls } }) => ({
      connection: name,
      callsPerSecond,
      maxConcurrentCalls,
    }));
    await this.#wake(await recordLoads(this.#pool, this.#process, loads));
    // A renewal that fails is made up for by the next one. This worker itself keeps to its rates all the same.
    this.#timer ??= setInterval(() => void this.record().catch(() => {}), RENEW_LOADS_MS).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#wake(await forgetLoads(this.#pool, this.#process));
  }

  /** A coordinator that Temporal does not reach now looks by itself within a minute. */
  async #wake(connections: readonly string[]): Promise<void> {
    await Promise.all(connections.map((connection) => this.#wakeCoordinator(connection).catch(() => {})));
  }
}
