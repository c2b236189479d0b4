import { RingfenceError } from '../../domain/engine/errors.ts';
import { allows, mayUse } from '../../domain/dialling/connection-terms.ts';
import type { Connection } from './connection.ts';
import type { Connections, OpenConnection } from './open-connections.ts';

/** The connections that an account may use. */
export function connectionsOf(connections: Connections, account: string): OpenConnection[] {
  return connections.all().filter(({ connection }) => mayUse(connection, account));
}

/** The same, and those that lack a secret here: what an account may use once all is well. */
export function allowedTo(connections: Connections, account: string): Connection[] {
  const known = [...connections.all().map(({ connection }) => connection), ...connections.closed()];
  return known.filter((connection) => mayUse(connection, account));
}

/**
 * The connection of a new campaign: the one that it names or, without a name, the only one that its account may use.
 *
 * @throws RingfenceError `validation_error`
 */
export function chooseConnection(connections: Connections, account: string, name: string | null): OpenConnection {
  const known = allowedTo(connections, account);
  const names = known.map((connection) => connection.name).join(', ');
  if (name !== null) {
    const named = known.find((connection) => connection.name === name);
    if (named) return opened(connections, named);
    throw invalid(
      names === ''
        ? 'connection names none that this account may use, and there is none: add one to the connections file'
        : `connection names none that this account may use: give one of ${names}`,
    );
  }
  const [only, ...others] = known;
  // One that lacks a secret here counts as well: nobody may be called through another account because of that.
  if (only && others.length === 0) return opened(connections, only);
  throw invalid(
    only
      ? `connection is missing, and this account has several: give one of ${names}`
      : 'this account may use no connection: add it to one in the connections file',
  );
}

function opened(connections: Connections, { name }: Connection): OpenConnection {
  const open = connections.get(name);
  if (open) return open;
  throw invalid(`connection names ${name}, which lacks a secret here, or has a wrong one: GET /connections says which`);
}

function invalid(message: string): RingfenceError {
  return new RingfenceError('validation_error', message, { field: 'connection' });
}

interface Named {
  /** Null: no agent is named yet. */
  readonly agent_id: string | null;
  readonly phone_number_ids: readonly string[];
}

/**
 * Refuses a campaign that names an agent or a caller number which its connection does not allow.
 *
 * @throws RingfenceError `validation_error` that lists what is allowed
 */
export function assertNamesAllowed({ name, agents, callerNumbers }: Connection, named: Named): void {
  if (named.agent_id !== null && !allows(agents, named.agent_id)) throw notAllowed('agent_id', 'agents', name, agents);
  const index = named.phone_number_ids.findIndex((id) => !allows(callerNumbers, id));
  if (index !== -1) throw notAllowed(`phone_number_ids[${index}]`, 'caller numbers', name, callerNumbers);
}

/** The numbers stand in the details alone: no message contains a phone number. */
function notAllowed(field: string, what: string, name: string, allowed: readonly string[] | null): RingfenceError {
  const message = `${field} is not among the ${what} of the connection ${name}: give one of details.allowed`;
  return new RingfenceError('validation_error', message, { field, details: { connection: name, allowed } });
}
