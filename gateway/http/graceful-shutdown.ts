import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Below the ten seconds after which a container is usually killed. */
const ANSWER_WITHIN_MS = 8_000;

/**
 * Watches an app's connections from now on, and returns a function that closes the app. Requests under way are answered
 * first. Connections without a request are closed immediately: they do not count as idle, so the server would wait for
 * them. Requests that take longer than some seconds are cut off.
 */
export function prepareShutdown(app: FastifyInstance): () => Promise<void> {
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return async () => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    const insist = setTimeout(() => app.server.closeAllConnections(), ANSWER_WITHIN_MS);
    try {
      await app.close();
    } finally {
      clearTimeout(insist);
    }
  };
}
