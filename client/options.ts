/** Options of a client and of its calls. */
import type { TemporalClient } from './temporal-client.ts';

/** Options of any call. In the options of the client they are the defaults of all calls. */
export interface RequestOptions {
  /**
   * How often a request is repeated after 429, 408, 5xx or a broken connection. Waits grow with full jitter, and a
   * `Retry-After` of up to a minute is obeyed. 0 turns repeats off. @defaultValue 4
   */
  readonly maxRetries?: number | undefined;
  /**
   * Milliseconds that one try may take, from the connection to the end of the answer. Default: 30,000; for an import none, because
   * the gateway ends an upload that stalls. `Infinity`: no limit. A command through Temporal waits so long for a worker. Default there: 15,000.
   */
  readonly timeoutMs?: number | undefined;
  /** Ends the call, its waits included. The call throws the reason of the signal. Both signals count, the client's and the call's. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a call that changes something. */
export interface WriteOptions extends RequestOptions {
  /**
   * Identifies the request: a repeat under the same key takes effect once and returns the first answer. Default: a random key for
   * each call, which its automatic repeats share. Pass a key if your program may make the same call again after it has died.
   */
  readonly idempotencyKey?: string | undefined;
}

export interface RingfenceOptions extends RequestOptions {
  /** Root URL of the gateway's API, including its path: `https://calls.example.com/api/public/v1`. */
  readonly baseUrl: string;
  /** API key. Calls that change something need the scope `write`. */
  readonly apiKey: string;
  /**
   * A connection to Temporal, from `connectTemporal` or a `Client` of `@temporalio/client`. With it `pause`, `resume`, `cancel` and
   * `progress` do not depend on the gateway. Temporal knows no accounts: a program that reaches it can control every account's
   * campaigns. Close it yourself.
   */
  readonly temporal?: TemporalClient | undefined;
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
