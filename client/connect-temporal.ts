import type { ConnectOptions } from './options.ts';
import { connectTemporal as connect } from './temporal/connection.ts';
import type { TemporalClient } from './temporal-client.ts';

/**
 * Connects to Temporal by its environment configuration: address, namespace, TLS, API key or a profile. Requires the packages
 * `@temporalio/client` and `@temporalio/envconfig`. Call `connection.close()` when you no longer need it.
 *
 * Its type does without those of Temporal's SDK, which a program over HTTP has not installed.
 * @throws RingfenceError `misconfigured` if the configuration cannot be read or a package is missing, `temporal_unavailable` if the
 * server does not answer within `timeoutMs`
 */
export const connectTemporal: (options?: ConnectOptions) => Promise<TemporalClient> = connect;
