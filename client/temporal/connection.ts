import type { Client } from '@temporalio/client';
import type { loadClientConnectConfig } from '@temporalio/envconfig';
import { RingfenceError } from '../../domain/engine/errors.ts';
import type { ConnectOptions } from '../options.ts';
import { repeatsEndAtClose } from './close-safely.ts';
import { temporalUnreachable } from './temporal-errors.ts';

/**
 * Connects to Temporal as its environment configuration says: `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`,
 * `TEMPORAL_API_KEY`, `TEMPORAL_TLS_*`, or a profile of its configuration file, so that a self-hosted server and
 * Temporal Cloud are reached in the same way.
 *
 * @throws RingfenceError `misconfigured` when the configuration cannot be read or Temporal's packages are missing,
 * `temporal_unavailable` when the server does not answer.
 */
export async function connectTemporal({
  profile,
  env,
  timeoutMs = 10_000,
  lazy = false,
}: ConnectOptions = {}): Promise<Client> {
  // Loaded here and not above: a program that speaks HTTP alone need not have them.
  const { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } =
    await import('@temporalio/client').catch(notInstalled);
  const { loadClientConnectConfig: load } = await import('@temporalio/envconfig').catch(notInstalled);
  const { connectionOptions: stated, namespace = 'default' } = readConfiguration(load, profile, env);
  const interceptors = [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), repeatsEndAtClose()];
  const connectionOptions = { ...stated, interceptors };
  const connection = lazy
    ? Connection.lazy(connectionOptions)
    : await Connection.connect({ ...connectionOptions, connectTimeout: timeoutMs }).catch((error: unknown) => {
        throw temporalUnreachable(error, connectionOptions.address ?? 'localhost:7233');
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

function notInstalled(error: unknown): never {
  const { code } = error as { code?: unknown };
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error;
  const message = 'To use Temporal, install the packages @temporalio/client and @temporalio/envconfig.';
  throw new RingfenceError('misconfigured', message, { cause: error });
}

function readConfiguration(
  load: typeof loadClientConnectConfig,
  profile: string | undefined,
  env: ConnectOptions['env'],
) {
  try {
    const { connectionOptions, namespace } = load({
      ...(profile === undefined ? {} : { profile }),
      ...(env === undefined ? {} : { overrideEnvVars: withoutUndefined(env) }),
    });
    refuseAddress(connectionOptions?.address);
    return { connectionOptions: { ...connectionOptions, channelArgs: CHANNEL }, namespace };
  } catch (error) {
    if (error instanceof RingfenceError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new RingfenceError('misconfigured', `Temporal's environment configuration cannot be used: ${reason}`, {
      cause: error,
    });
  }
}

const ADDRESS = /^(?:[^\s:/[\]]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** The client would throw another error, or wait for a server that cannot exist. */
function refuseAddress(address: string | undefined): void {
  if (address === undefined || ADDRESS.test(address)) return;
  const message = `The address of Temporal must be host:port, such as localhost:7233, and not "${address}": correct TEMPORAL_ADDRESS, or the profile that TEMPORAL_PROFILE names.`;
  throw new RingfenceError('misconfigured', message, { field: 'TEMPORAL_ADDRESS' });
}

function withoutUndefined(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
