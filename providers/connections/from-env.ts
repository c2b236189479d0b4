/** Opens the connections of a process, and reads them again while it runs. */
import type { Carrier } from '../carrier.ts';
import { truedyConfig } from '../from-env.ts';
import { connectionsFromEnv, isTruedyAlone } from './connections.ts';
import { OpenConnections } from './open-connections.ts';
import type { Env } from './references.ts';

export interface ConnectionsLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Opens the connections of the file that `RINGFENCE_CONNECTIONS` names or, without it, the one of the variables `TRUEDY_*`. Pass
 * the result to a worker or to a gateway, and close it after them.
 *
 * @param env the environment, usually `process.env`. References to secrets are looked up there
 * @param carriers your own carriers, which the file may name in `provider` beside the built-in ones
 * @throws RingfenceError `misconfigured`, which names every value at fault
 */
export function openConnections(env: Env, carriers: readonly Carrier[] = []): OpenConnections {
  // Everything that is wrong, before parts of it are read one after the other.
  if (isTruedyAlone(env)) truedyConfig(env);
  return new OpenConnections(connectionsFromEnv(env, carriers));
}

/**
 * Reads the connections again. If something is wrong in them, everything stays as it was.
 *
 * @returns whether they were read
 */
export function reloadFromEnv(connections: OpenConnections, env: Env, log: ConnectionsLog): boolean {
  try {
    connections.reload(connectionsFromEnv(env));
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'error';
    log.error({ reason }, 'the connections could not be read again, and stay as they were');
    return false;
  }
  const names = connections.all().map(({ connection }) => connection.name);
  log.info({ connections: names }, 'read the connections again');
  warnOfClosed(connections, log);
  return true;
}

export function warnOfClosed(connections: OpenConnections, log: ConnectionsLog): void {
  for (const { name, missingSecrets } of connections.closed()) {
    log.warn(
      { connection: name, missing: missingSecrets },
      'a connection is not used, because its secrets are missing here or wrong: see connections check',
    );
  }
}
