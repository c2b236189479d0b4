import { createServer } from 'node:net';
import { once } from 'node:events';

const LOOPBACK = '127.0.0.1';

/** A TCP port of the loopback interface that nobody listens on: the wanted one if it is free, else one the system picks. */
export async function freePort(wanted = 0): Promise<number> {
  return (await tryPort(wanted)) ?? (await freePort());
}

/** How often a server is started on another port before its failure counts. */
const STARTS = 3;

/**
 * Starts a server on the wanted port if it is free, else on one that the system picks. Another process may take the port before the
 * server does: then the server is started again.
 *
 * @param start rejects with an error whose message contains what the server has said
 */
export async function startOnFreePort<T>(wanted: number, start: (port: number) => Promise<T>): Promise<T> {
  for (let left = STARTS - 1; ; left -= 1) {
    const port = await freePort(wanted);
    try {
      return await start(port);
    } catch (error) {
      if (left === 0 || !/address already in use/i.test((error as Error).message)) throw error;
    }
  }
}

async function tryPort(port: number): Promise<number | null> {
  const server = createServer().listen(port, LOOPBACK);
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return null;
    throw error;
  }
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : null;
}
