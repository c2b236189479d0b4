import { type Connection, connectionOf } from '../../../providers/connections/connection.ts';
import { type Connections, OpenConnections } from '../../../providers/connections/open-connections.ts';
import { TruedyConfig } from '../../../providers/truedy/config.ts';
import { createTruedyProvider } from '../../../providers/truedy/truedy.ts';
import type { CallProvider } from '../../../providers/port.ts';

/** More than any test asks for, which would otherwise meet the budget by accident. */
const PLENTY = 6_000;

/** Connections of these adapters, each named after its own and without restrictions. */
export function connectionsTo(...providers: readonly CallProvider[]): Connections {
  return new OpenConnections(providers.map((provider) => limitedConnection(provider)));
}

/** The limits of a connection, as far as a test states them. */
export type StatedLimits = Partial<
  Pick<Connection, 'callsPerSecond' | 'maxConcurrentCalls' | 'lookUpAfterMs' | 'lookUpsPerMinute'>
>;

/** The connection of this adapter, with limits and without restrictions. */
export function limitedConnection(provider: CallProvider, limits: StatedLimits = {}): Connection {
  return { ...connectionOf(provider), lookUpsPerMinute: PLENTY, ...limits };
}

/** The connection `truedy`, for tests that record campaigns and dial nobody. */
export const TRUEDY_ALONE = connectionsTo(unreachableProvider());

/** A connection that dials nobody, with these restrictions. */
export function connectionWith(restrictions: Partial<Connection>): Connection {
  // A connection that is loaded again opens another adapter: the former one is closed after a while.
  return { ...connectionOf(unreachableProvider()), open: unreachableProvider, ...restrictions };
}

function unreachableProvider(): CallProvider {
  return createTruedyProvider(
    TruedyConfig.parse({ baseUrl: 'http://127.0.0.1:9/', apiKey: 'unused', webhookSecrets: ['whsec_unused'] }),
  );
}
