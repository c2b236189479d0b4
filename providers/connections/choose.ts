import { RingfenceError } from '../../domain/engine/errors.ts';
import type { Connections, OpenConnection } from './open-connections.ts';

/** The connections that an account may use. */
export function connectionsOf(connections: Connections, account: string): OpenConnection[] {
  return connections.all().filter(({ connection: { accounts } }) => accounts === null || accounts.includes(account));
}

/**
 * The connection of a new campaign: the one that it names or, without a name, the only one that its account may use.
 *
 * @throws RingfenceError `validation_error`
 */
export function chooseConnection(connections: Connections, account: string, name: string | null): OpenConnection {
  const usable = connectionsOf(connections, account);
  const names = usable.map(({ connection }) => connection.name).join(', ');
  if (name !== null) {
    const named = usable.find(({ connection }) => connection.name === name);
    if (named) return named;
    throw invalid(
      names === ''
        ? 'connection names none that this account may use, and there is none: add one to the connections file'
        : `connection names none that this account may use: give one of ${names}`,
    );
  }
  const [only, ...others] = usable;
  if (only && others.length === 0) return only;
  throw invalid(
    only
      ? `connection is missing, and this account has several: give one of ${names}`
      : 'this account may use no connection: add it to one in the connections file',
  );
}

function invalid(message: string): RingfenceError {
  return new RingfenceError('validation_error', message, { field: 'connection' });
}
