/** The connections of a process with their adapters. A reload replaces them while calls are under way. */
import { DIAL } from '../../domain/engine/dial-budget.ts';
import type { CallProvider } from '../port.ts';
import type { Connection } from './connection.ts';

/** A connection and its adapter. */
export interface OpenConnection {
  readonly connection: Connection;
  readonly provider: CallProvider;
}

/** Connections by name. */
export interface Connections {
  /** Null: there is no connection of this name, or one of its secrets is missing. */
  get(name: string): OpenConnection | null;
  all(): readonly OpenConnection[];
  /** Those that cannot be used, because one of their secrets is missing. */
  closed(): readonly Connection[];
}

export class OpenConnections implements Connections {
  #open: ReadonlyMap<string, OpenConnection>;
  #closed: readonly Connection[] = [];
  readonly #retiring = new Map<NodeJS.Timeout, readonly OpenConnection[]>();

  /** @throws RingfenceError `misconfigured` if the settings of one of them are wrong */
  constructor(connections: readonly Connection[]) {
    this.#open = this.#openAll(connections);
  }

  get(name: string): OpenConnection | null {
    return this.#open.get(name) ?? null;
  }

  all(): readonly OpenConnection[] {
    return [...this.#open.values()];
  }

  closed(): readonly Connection[] {
    return this.#closed;
  }

  /** Requests that are under way keep the adapter with which they began; it closes after the longest of them. */
  reload(connections: readonly Connection[]): void {
    const before = this.all();
    this.#open = this.#openAll(connections);
    const timer = setTimeout(() => {
      this.#retiring.delete(timer);
      void closeAll(before);
    }, DIAL.tryMs);
    this.#retiring.set(timer.unref(), before);
  }

  async close(): Promise<void> {
    for (const timer of this.#retiring.keys()) clearTimeout(timer);
    await closeAll([...this.all(), ...[...this.#retiring.values()].flat()]);
    this.#retiring.clear();
  }

  #openAll(connections: readonly Connection[]): ReadonlyMap<string, OpenConnection> {
    const usable = connections.filter(({ missingSecrets }) => missingSecrets.length === 0);
    const open = new Map(usable.map((connection) => [connection.name, { connection, provider: connection.open() }]));
    // Not before all are open: if one cannot be, everything stays as it was.
    this.#closed = connections.filter(({ missingSecrets }) => missingSecrets.length > 0);
    return open;
  }
}

async function closeAll(connections: readonly OpenConnection[]): Promise<void> {
  await Promise.all(connections.map(({ provider }) => provider.close()));
}
