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
 * The error of a first connection that failed, with the server and the way out, and without the password. Any other error is
 * returned as it is.
 */
export function databaseUnreachable(error: unknown, connectionString: string): unknown {
  const { code } = error as { code?: unknown };
  const refusal = typeof code === 'string' ? REFUSALS[code] : undefined;
  const told = refusal ?? (databaseErrorKind(error) === null ? null : `does not answer${codeOf(code)}`);
  if (told === null) return error;
  const message = `PostgreSQL at ${addressOf(connectionString)} ${told}: check DATABASE_URL.`;
  return new RingfenceError('database_unavailable', message, { cause: error });
}

function codeOf(code: unknown): string {
  return typeof code === 'string' ? ` (${code})` : '';
}

function addressOf(connectionString: string): string {
  if (!URL.canParse(connectionString)) return 'the address of DATABASE_URL';
  const { hostname, port, pathname } = new URL(connectionString);
  return `${hostname || 'its socket'}:${port || '5432'}${pathname}`;
}
