import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { Ringfence } from '../../client/index.ts';

const CHUNK = 1 << 18;
const CHUNKS = 1_600;

it('an upload of hundreds of megabytes is never in memory whole', async () => {
  let received = 0;
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => (received += chunk.length));
    request.on('end', () => {
      const meta = { request_id: 'r', ts: new Date().toISOString() };
      response.end(JSON.stringify({ data: { received }, meta }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  let most = 0;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (let sent = 0; sent < CHUNKS; sent += 1) {
      yield Buffer.alloc(CHUNK, 97);
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
  }
  const before = process.memoryUsage().arrayBuffers;
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { contacts } = new Ringfence({ baseUrl, apiKey: 'any' });
  expect(await contacts.import(bytes())).toEqual({ received: CHUNK * CHUNKS });
  // What has been sent and is not collected yet counts too.
  expect(most - before).toBeLessThan((CHUNK * CHUNKS) / 2);
  server.close();
});
