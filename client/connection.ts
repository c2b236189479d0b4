import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { RingfenceError } from '../domain/engine/errors.ts';
import { temporalUnavailable } from './temporal-errors.ts';

export interface ConnectOptions {
  /** Name of a profile in Temporal's configuration file; its default rules apply when left out. */
  readonly profile?: string;
  /** Read in place of the process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How long to wait for the server; 10 seconds unless told. */
  readonly timeoutMs?: number;
  /** Do not wait for the server: the first request will. For a process that must come up without it. */
  readonly lazy?: boolean;
}

/**
 * Connects to Temporal as its environment configuration says: `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`,
 * `TEMPORAL_API_KEY`, `TEMPORAL_TLS_*`, or a profile of its configuration file, so that a server of one's own and
 * Temporal Cloud are reached in the same way.
 *
 * @throws RingfenceError `misconfigured` when the configuration cannot be read, `temporal_unavailable` when the server
 * does not answer.
 */
export async function connectTemporal({
  profile,
  env,
  timeoutMs = 10_000,
  lazy = false,
}: ConnectOptions = {}): Promise<Client> {
  const { connectionOptions, namespace = 'default' } = readConfiguration(profile, env);
  const connection = lazy
    ? Connection.lazy(connectionOptions)
    : await Connection.connect({ ...connectionOptions, connectTimeout: timeoutMs }).catch((error: unknown) => {
        throw temporalUnavailable(error);
      });
  return new Client({ connection, namespace });
}

const CHANNEL = {
  /**
   * Between two tries to reach a server that is away the client would come to wait two minutes, and be away for so long itself
   * when the server has come back.
   */
  'grpc.max_reconnect_backoff_ms': 5_000,
  /** Otherwise another connection to the same server is the same one, also where that one is stuck. */
  'grpc.use_local_subchannel_pool': 1,
};

function readConfiguration(profile: string | undefined, env: ConnectOptions['env']) {
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({
      ...(profile === undefined ? {} : { profile }),
      ...(env === undefined ? {} : { overrideEnvVars: withoutUndefined(env) }),
    });
    return { connectionOptions: { ...connectionOptions, channelArgs: CHANNEL }, namespace };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RingfenceError('misconfigured', `Temporal's environment configuration cannot be used: ${reason}`, {
      cause: error,
    });
  }
}

function withoutUndefined(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
