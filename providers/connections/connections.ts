/** The connections of this process: from the file that RINGFENCE_CONNECTIONS names, or the one of the variables TRUEDY_*. */
import { RingfenceError } from '../../domain/engine/errors.ts';
import type { Carrier } from '../carrier.ts';
import { CARRIERS } from '../carriers.ts';
import { truedy } from '../truedy/carrier.ts';
import { allowedFromEnv, LOOK_UP_VARIABLES, lookUpTermsFromEnv, providerFromEnv } from '../from-env.ts';
import { setVariables } from '../environment.ts';
import type { Connection } from './connection.ts';
import { digest } from './digest.ts';
import { readConnectionsFile } from './read-file.ts';
import type { Env } from './references.ts';

/**
 * @param own carriers that the file may name beside the built-in ones
 * @throws RingfenceError `misconfigured`
 */
export function connectionsFromEnv(env: Env, own: readonly Carrier[] = []): Connection[] {
  if (env.RINGFENCE_CONNECTIONS) {
    const carriers = new Map([...CARRIERS, ...own.map((carrier) => [carrier.name, carrier] as const)]);
    return readConnectionsFile(env.RINGFENCE_CONNECTIONS, env, carriers);
  }
  if (isTruedyAlone(env)) return [truedyFromEnv(env)];
  throw new RingfenceError(
    'misconfigured',
    'There is no connection: name the connections file in RINGFENCE_CONNECTIONS, or set the variables TRUEDY_*.',
    { field: 'RINGFENCE_CONNECTIONS' },
  );
}

/** Whether the environment has the short form. */
export function isTruedyAlone(env: Env): boolean {
  return !env.RINGFENCE_CONNECTIONS && truedyVariables(env).length > 0;
}

/** @throws RingfenceError `not_found` */
export function connectionNamed(connections: readonly Connection[], name: string): Connection {
  const found = connections.find((connection) => connection.name === name);
  if (found) return found;
  const known = connections.map((connection) => connection.name).join(', ');
  throw new RingfenceError('not_found', `There is no connection of this name: the connections are ${known}.`, {
    field: 'name',
  });
}

/** The short form: one connection without a file. Its variables may name countries and kinds of numbers. */
function truedyFromEnv(env: Env): Connection {
  return {
    name: truedy.name,
    provider: truedy.name,
    callsPerSecond: truedy.callsPerSecond,
    maxConcurrentCalls: null,
    ...allowedFromEnv(env),
    accounts: null,
    agents: null,
    callerNumbers: null,
    webhookUrl: null,
    ...lookUpTermsFromEnv(env),
    madeFor: digest(
      truedyVariables(env)
        .filter(([name]) => !isOfLookUps(name))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    missingSecrets: [],
    open: () => providerFromEnv(env),
  };
}

function truedyVariables(env: Env): [name: string, value: string][] {
  return Object.entries(setVariables(env)).filter(([name]) => name.startsWith('TRUEDY_'));
}

const isOfLookUps = (name: string): boolean => LOOK_UP_VARIABLES.some((variable) => variable === name);
