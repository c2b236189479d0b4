import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ZONE_DATA_VERSION } from '../domain/windows/zone-data.ts';

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves /healthz (the process runs) and /readyz (nothing is missing; otherwise 503 with the names from `notReady`).
 * /readyz also reports the release of the time zone data.
 */
export async function serveHealth(options: {
  host: string;
  port: number;
  notReady: () => Promise<string[]>;
}): Promise<HealthServer> {
  const server: Server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.url === '/healthz') return answer(200, { status: 'ok' });
    if (request.url !== '/readyz') return answer(404, { error: 'There is only /healthz and /readyz here.' });
    options.notReady().then(
      (missing) =>
        answer(missing.length === 0 ? 200 : 503, {
          status: missing.length === 0 ? 'ready' : 'not ready',
          missing,
          zone_data: ZONE_DATA_VERSION,
        }),
      () => answer(503, { status: 'not ready', missing: ['unknown'], zone_data: ZONE_DATA_VERSION }),
    );
    return undefined;
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => (error ? reject(error) : resolve()));
      }),
  };
}
