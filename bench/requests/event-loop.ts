/**
 * Loaded into the gateway that is measured, before its main file: tells on a socket the longest time between two turns of
 * its event loop since it was asked last. The histogram is kept by Node.js itself, outside of JavaScript.
 */
import { createServer } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';
import { EVENT_LOOP_SOCKET, RESOLUTION_MS } from './delay-socket.ts';

const path = process.env[EVENT_LOOP_SOCKET];
if (isMainThread && path !== undefined) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  createServer((socket) => {
    socket.on('error', () => {});
    socket.end(String(delay.count === 0 ? 0 : delay.max / 1e6));
    delay.reset();
  })
    .listen(path)
    .unref();
}
