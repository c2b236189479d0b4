import { freePort } from '../free-port.ts';

const TRIES = 20;

/**
 * The wanted port, or the next one above it that is free. Unlike a port that the system picks, one of these is not given
 * to somebody's outgoing connection before a process that starts slowly comes to listen on it.
 */
export async function nearPort(wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + TRIES; port += 1) {
    if ((await freePort(port)) === port) return port;
  }
  return freePort();
}
