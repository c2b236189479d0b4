import { createServer } from 'node:net';
import { once } from 'node:events';

const LOOPBACK = '127.0.0.1';

/** A TCP port of the loopback interface that nobody listens on: the wanted one if it is free, else one the system picks. */
export async function freePort(wanted = 0): Promise<number> {
  return (await tryPort(wanted)) ?? (await freePort());
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
