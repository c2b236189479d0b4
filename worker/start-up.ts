/** How a process starts: all wrong settings are named at once, and one line says what prevents the start. */
import { RingfenceError } from '../domain/engine/errors.ts';

/**
 * Runs what starts a process. If it fails, the process ends with exit code 1 and one line on standard error. An error that is not
 * ours is a fault of the program, and keeps its stack.
 */
export async function startOrExplain(what: string, start: () => Promise<void>): Promise<void> {
  try {
    await start();
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error;
    process.stderr.write(`The ${what} cannot start: ${error.message}\n`);
    process.exit(1);
  }
}

/**
 * Reads the settings of a process, in parts.
 * @throws RingfenceError `misconfigured` with the problems of all parts
 */
export function readAll<A, B, C>(first: () => A, second: () => B, third: () => C): [A, B, C] {
  const problems: RingfenceError[] = [];
  const read = <T>(part: () => T): T | undefined => {
    try {
      return part();
    } catch (error) {
      if (!(error instanceof RingfenceError)) throw error;
      problems.push(error);
      return undefined;
    }
  };
  const values = [read(first), read(second), read(third)] as [A, B, C];
  const [only, ...others] = problems;
  if (only === undefined) return values;
  throw others.length === 0
    ? only
    : new RingfenceError('misconfigured', problems.map(({ message }) => message).join(' '), { cause: only });
}

/** The error of a server that cannot listen, with the variable that names its port. */
export function cannotListen(error: unknown, { host, port, variable }: ListenSettings): unknown {
  const { code } = error as { code?: unknown };
  const address = `${host}:${port}`;
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `${address} is in use: set ${variable} to another port, or stop the other process.`,
    EACCES: `${address} needs more rights: set ${variable} to a port above 1023.`,
    EADDRNOTAVAIL: `${address} is no address of this machine: correct the host beside ${variable}.`,
    ENOTFOUND: `${host} is no address of this machine: correct the host beside ${variable}.`,
  };
  const message = typeof code === 'string' ? reasons[code] : undefined;
  return message === undefined
    ? error
    : new RingfenceError('misconfigured', message, { field: variable, cause: error });
}

/** The error of Temporal's core, which has no code, if it cannot serve its metrics at RINGFENCE_METRICS. */
export function cannotServeMetrics(error: unknown, address: string | undefined): unknown {
  if (address === undefined || !(error instanceof Error) || !/prometheus/i.test(error.message)) return error;
  const message = /in use/i.test(error.message)
    ? `${address} is in use: set RINGFENCE_METRICS to another port, or stop the other process.`
    : `The metrics cannot be served at ${address}: correct RINGFENCE_METRICS.`;
  return new RingfenceError('misconfigured', message, { field: 'RINGFENCE_METRICS', cause: error });
}

interface ListenSettings {
  readonly host: string;
  readonly port: number;
  readonly variable: string;
}
