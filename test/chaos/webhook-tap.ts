/** Stands between the provider and the gateways, passes webhooks on to one or the other, and notes what each was answered. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

/** A terminal event that the gateway has answered with 2xx. */
export interface AcknowledgedEnd {
  readonly eventId: string | null;
  readonly providerCallId: string;
  /** Our call id, where the event named it. */
  readonly callId: string | null;
  readonly outcome: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface WebhookTap {
  readonly url: string;
  /** In the order in which they were answered. */
  readonly ends: readonly AcknowledgedEnd[];
  close(): Promise<void>;
}

const TIMEOUT_MS = 9_000;
const TERMINAL = ['call.ended', 'call.completed', 'call.failed'];

const Ended = z.object({
  event: z.enum(TERMINAL),
  id: z.string().nullish(),
  data: z.object({
    call_id: z.string(),
    outcome: z.string(),
    variables: z.object({ ringfence_call_id: z.string() }).optional(),
  }),
});

/** @param targets where the gateways take webhooks: each is asked in turn. */
export async function startWebhookTap(targets: readonly string[]): Promise<WebhookTap> {
  const ends: AcknowledgedEnd[] = [];
  let turn = 0;
  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    turn += 1;
    const status = await forward(targets[turn % targets.length]!, request, body);
    if (status >= 200 && status < 300) {
      const ended = Ended.safeParse(JSON.parse(body.toString('utf8')));
      if (ended.success) {
        const { id, data } = ended.data;
        ends.push({
          eventId: id ?? null,
          providerCallId: data.call_id,
          callId: data.variables?.ringfence_call_id ?? null,
          outcome: data.outcome,
          at: Date.now(),
        });
      }
    }
    response.writeHead(status).end();
  };
  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    ends,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function forward(target: string, { headers }: IncomingMessage, body: Buffer): Promise<number> {
  const passed = ['content-type', 'x-truedy-timestamp', 'x-truedy-signature'];
  try {
    const response = await fetch(target, {
      method: 'POST',
      headers: Object.fromEntries(passed.map((name) => [name, String(headers[name] ?? '')])),
      body: new Uint8Array(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 502;
  }
}
