/** Options of the client and of its commands. */
import type { TemporalClient } from './temporal-client.ts';

export interface ApiOptions {
  /** Root URL of the gateway's API, including its path: `https://calls.example.com/api/public/v1`. */
  readonly baseUrl: string;
  /** API key with the scope `write`. `read` is enough for requests that change nothing. */
  readonly key: string;
}

/** At least one of the two is required. With both, running campaigns are controlled through Temporal. */
export interface CampaignClientOptions {
  /** The gateway, which creates and restarts campaigns. Without `temporal` it does everything else too. */
  readonly api?: ApiOptions | undefined;
  /** A `Client` of `@temporalio/client`. Close its connection yourself. */
  readonly temporal?: TemporalClient | undefined;
}

export interface StartOptions {
  /**
   * Identifies the request within the account. A repeat with the same key and the same campaign starts nothing and returns
   * the first response. Without a key, a repeat after a lost response calls everybody twice. Default: none.
   */
  readonly idempotencyKey?: string;
}

/** Options of a command through Temporal. A client that uses only HTTP refuses them: the gateway decides both. */
export interface CommandOptions {
  /** Identifies the command: repeats with the same id take effect once. Default: a random id. */
  readonly updateId?: string;
  /** Milliseconds to wait for a worker's answer. After that the command takes effect later. @defaultValue 15000 */
  readonly timeoutMs?: number;
}

export interface ConnectOptions {
  /** Name of a profile in Temporal's configuration file. Default: by Temporal's rules. */
  readonly profile?: string;
  /** Environment to read. Default: the process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds to wait for the server. @defaultValue 10000 */
  readonly timeoutMs?: number;
  /** Connects with the first request, not before. For a process that must start without the server. @defaultValue false */
  readonly lazy?: boolean;
}
