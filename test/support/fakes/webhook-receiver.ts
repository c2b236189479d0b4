import { createServer, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface ReceivedWebhook {
  /** As the sender addressed it, query included. */
  readonly url: string;
  readonly method: string;
  readonly body: Buffer;
  readonly headers: IncomingHttpHeaders;
}

export interface WebhookReceiver {
  readonly url: string;
  /** Everything that has arrived, in order of arrival. */
  readonly received: readonly ReceivedWebhook[];
  /** Resolves when `enough` of what has arrived says so. */
  until(enough: (received: readonly ReceivedWebhook[]) => boolean): Promise<readonly ReceivedWebhook[]>;
  close(): Promise<void>;
}

/**
 * Listens on loopback for webhooks and keeps them.
 *
 * @param answer the status for a webhook; `hang up` ends the connection without one.
 */
export async function receiveWebhooks(
  answer: (webhook: ReceivedWebhook, nth: number) => number | 'hang up' = () => 204,
): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: target = '', headers } = request;
      const webhook = { url: origin() + target, method, body: Buffer.concat(chunks), headers };
      received.push(webhook);
      const status = answer(webhook, received.length);
      if (status === 'hang up') request.socket.destroy();
      else response.writeHead(status).end();
      for (const check of waiting) check();
    });
  });
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `${origin()}/webhooks`,
    received,
    until: (enough) =>
      new Promise((resolve) => {
        const check = () => {
          if (!enough(received)) return;
          waiting.delete(check);
          resolve(received);
        };
        waiting.add(check);
        check();
      }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
