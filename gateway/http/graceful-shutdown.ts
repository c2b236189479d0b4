import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Under the ten seconds after which a container is usually killed. */
const PATIENCE_MS = 8_000;

/**
 * Watches an app's connections from now on, and returns a function that closes the app: requests under way are answered
 * first. Connections that were opened ahead of a request never sent would keep the server waiting for nothing, as they
 * do not count as idle; they are closed at once, and what has not been answered after some seconds is cut off.
 */
export function prepareShutdown(app: FastifyInstance): () => Promise<void> {
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return async () => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    const insist = setTimeout(() => app.server.closeAllConnections(), PATIENCE_MS);
    try {
      await app.close();
    } finally {
      clearTimeout(insist);
    }
  };
}
