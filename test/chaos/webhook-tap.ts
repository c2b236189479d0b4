/** Stands between the provider and the gateways, and passes webhooks on to one or the other. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface WebhookTap {
  /** Where the provider reports to, instead of to a gateway. */
  readonly url: string;
  close(): Promise<void>;
}

const TIMEOUT_MS = 9_000;
/** They belong to one connection, not to the message. */
const OF_CONNECTION = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive']);

/** @param gateways the roots of both: each is asked in turn */
export async function startWebhookTap(gateways: readonly string[]): Promise<WebhookTap> {
  let turn = 0;
  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(request);
    turn += 1;
    const status = await forward(gateways[turn % gateways.length]! + request.url, request.headers, body);
    response.writeHead(status).end();
  };
  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function forward(url: string, headers: IncomingHttpHeaders, body: Buffer): Promise<number> {
  const passed = Object.entries(headers).filter(([name]) => !OF_CONNECTION.has(name));
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: passed.map(([name, value]): [string, string] => [name, String(value)]),
      body: new Uint8Array(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 502;
  }
}
