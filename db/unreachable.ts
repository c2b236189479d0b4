import { RingfenceError } from '../domain/engine/errors.ts';
import { databaseErrorKind } from './errors.ts';

/** PostgreSQL's answers to somebody who may not come in. */
const REFUSALS: Readonly<Record<string, string>> = {
  '28P01': 'refuses the password of this user',
  '28000': 'refuses this user',
  '3D000': 'has no such database',
  '53300': 'has no connection left',
};

/**
 * The error of a connection that failed, with the server and the way out, and without the password. Any other error is returned as
 * it is.
 */
export function databaseUnreachable(error: unknown, connectionString: string): unknown {
  const reason = whyUnreachable(error, connectionString);
  if (reason === null) return error;
  return new RingfenceError('database_unavailable', `${reason}: check DATABASE_URL.`, { cause: error });
}

/** Which server does not answer, or refuses the connection, and why. Null for any other error. */
export function whyUnreachable(error: unknown, connectionString: string): string | null {
  const { code } = error as { code?: unknown };
  const refusal = typeof code === 'string' ? REFUSALS[code] : undefined;
  const told = refusal ?? (databaseErrorKind(error) === 'unavailable' ? `does not answer${codeOf(code)}` : null);
  return told && `PostgreSQL at ${addressOf(connectionString)} ${told}`;
}

function codeOf(code: unknown): string {
  return typeof code === 'string' ? ` (${code})` : '';
}

function addressOf(connectionString: string): string {
  if (!URL.canParse(connectionString)) return 'the address of DATABASE_URL';
  const { hostname, port, pathname } = new URL(connectionString);
  return `${hostname || 'its socket'}:${port || '5432'}${pathname}`;
}
