/** A peer as the harness knows it. */
import type { Child } from '../../scripts/child.ts';
import type { Environment } from '../../scripts/start/processes.ts';

export interface Peer {
  readonly name: string;
  /** With its version, and what it stands on. */
  readonly library: string;
  readonly needs: { readonly temporal: boolean; readonly redis: boolean };
  /** Brings the gateway up. */
  launch(ground: Ground): Promise<LaunchedPeer>;
}

/** What one run gives a peer. */
export interface Ground {
  /** Where this peer keeps what outlives a run. */
  readonly home: string;
  readonly logs: string;
  readonly slots: number;
  /** How to reach the servers and the provider. */
  readonly env: Environment;
}

export interface LaunchedPeer {
  readonly gateway: Child;
  readonly gatewayUrl: string;
  startWorker(): Promise<Child>;
  /** Has so many people called, each once. */
  enlist(people: number): Promise<void>;
  /** How many of them are not through by its own record. */
  unfinished(): Promise<number>;
}
