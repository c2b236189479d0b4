/** How the client is told where Ringfence is, and what a command may state beside itself. */
import type { ApiOptions } from './http-api.ts';
import type { TemporalClient } from './temporal-client.ts';

/** At least one of the two. With both, a campaign that runs is controlled through Temporal. */
export interface CampaignClientOptions {
  /** The gateway. Creates and restarts campaigns; without `temporal`, does everything else too. */
  readonly api?: ApiOptions | undefined;
  /** A `Client` of `@temporalio/client`. Its connection stays the caller's to close. */
  readonly temporal?: TemporalClient | undefined;
}

export interface StartOptions {
  /**
   * Names this campaign among all of the account's: a repeat with the same key and the same campaign starts nothing and
   * gets the first answer. Without one, a repeat after a lost answer calls everybody twice.
   */
  readonly idempotencyKey?: string;
}

/** For a client with a Temporal connection. Over HTTP alone they are refused: the gateway decides both. */
export interface CommandOptions {
  /** Repeats of one command under one id are one command. Made at random when left out. */
  readonly updateId?: string;
  /** How long to wait for a worker's answer before the command is left to be obeyed later. Default: 15,000. */
  readonly timeoutMs?: number;
}

export interface ConnectOptions {
  /** Name of a profile in Temporal's configuration file; its default rules apply when left out. */
  readonly profile?: string;
  /** Read in place of the process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How long to wait for the server. Default: 10,000. */
  readonly timeoutMs?: number;
  /** Do not wait for the server: the first request will. For a process that must come up without it. */
  readonly lazy?: boolean;
}
