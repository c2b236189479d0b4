/** How the measurement and the gateway's event loop find each other. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** The variable that holds the path of the socket. */
export const EVENT_LOOP_SOCKET = 'RINGFENCE_BENCH_EVENT_LOOP';
/** How often the loop is looked at. */
export const RESOLUTION_MS = 1;

/** Milliseconds of the longest turn since this was asked last. */
export async function longestTurn(path: string): Promise<number> {
  const socket = connect(path);
  await once(socket, 'connect');
  const told = Number(await text(socket));
  return Math.max(0, told - RESOLUTION_MS);
}
