/** Requests with large bodies or answers that come at once, from one account and from several. */
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { KEYS, openGateway, type TestGateway } from '../support/harness/gateway.ts';

/** Of the places, what one account gets where no other has any. */
const SHARE = 8;
const BYTES = 128 * 1_024;

let gateway: TestGateway;
let port: number;
const clients: Client[] = [];

beforeAll(async () => {
  gateway = await openGateway({ slowClients: { turnMs: 300 } });
  await gateway.app.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = gateway.app.addresses()[0] as AddressInfo);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.leave();
});
afterAll(() => gateway.close());

/** Announces a body, and asks whether it is wanted before it sends any of it. */
class Client {
  received = '';
  readonly #socket: Socket;

  constructor(key: string, length: string, path = '/batch-calls') {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (chunk) => (this.received += chunk.toString()));
    this.#socket.on('error', () => {});
    const lines = [
      `POST ${API_ROOT}${path} HTTP/1.1`,
      'Host: localhost',
      `Authorization: Bearer ${key}`,
      'Content-Type: application/json',
      'Expect: 100-continue',
      length,
    ];
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    clients.push(this);
  }

  sendBody(): void {
    this.#socket.write(`{${' '.repeat(BYTES - 2)}}`);
  }

  leave(): void {
    this.#socket.destroy();
  }
}

const large = (key: string) => new Client(key, `Content-Length: ${BYTES}`);
const isToldToSend = (client: Client) => vi.waitFor(() => expect(client.received).toMatch(/^HTTP\/1\.1 100 /));
const isAnswered = (client: Client, status: number) =>
  vi.waitFor(() => expect(client.received).toContain(`HTTP/1.1 ${status} `));

async function takeShare(): Promise<Client[]> {
  const holders = Array.from({ length: SHARE }, () => large(KEYS.write));
  await Promise.all(holders.map(isToldToSend));
  return holders;
}

describe('large bodies of one account', () => {
  it('are taken in some at a time; the next is refused unread, and those of others are taken', async () => {
    await takeShare();
    const next = [
      large(KEYS.write),
      new Client(KEYS.write, 'Transfer-Encoding: chunked'),
      new Client(KEYS.write, `Content-Length: ${BYTES}`, '/contacts'),
      new Client(KEYS.write, `Content-Length: ${BYTES}`, '/batch-calls/forecast'),
    ];
    for (const client of next) {
      await isAnswered(client, 429);
      expect(client.received).toMatch(/^HTTP\/1\.1 429 /);
      expect(client.received).toMatch(/^retry-after: [1-9]/im);
      expect(client.received).toContain('send fewer at once');
    }
    const other = large(KEYS.other);
    await isToldToSend(other);
    other.sendBody();
    await isAnswered(other, 422);
    expect((await gateway.send({ method: 'POST', path: '/batch-calls', body: {} })).status).toBe(422);
  });

  it('have their places again when one is answered, and when a client leaves', async () => {
    const [answered, left] = await takeShare();
    const waiting = [large(KEYS.write), large(KEYS.write)];
    answered!.sendBody();
    left!.leave();
    await isAnswered(answered!, 422);
    await Promise.all(waiting.map(isToldToSend));
  });

  it('leave nothing behind when their clients leave while they wait', async () => {
    const holders = await takeShare();
    const waiting = [large(KEYS.write), large(KEYS.write)];
    // Answered after it, so they have come in.
    await isAnswered(new Client(KEYS.write, 'Content-Length: 0'), 400);
    for (const client of [...waiting, ...holders]) client.leave();
    expect(await takeShare()).toHaveLength(SHARE);
  });
});

describe('large answers of one account', () => {
  const ANSWERS = 4;
  const list = `${API_ROOT}/contacts?limit=100`;

  /** Asks for a page that fits into no buffer on its way, and does not read it. */
  async function askWithoutReading(): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`GET ${list} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${KEYS.write}\r\n\r\n`);
    await once(socket, 'readable');
    return socket;
  }
  const ask = (key: string) =>
    fetch(`http://127.0.0.1:${port}${list}`, { headers: { authorization: `Bearer ${key}` } });

  it('are written some at a time; the next is refused until one is read, and those of others are not', async () => {
    const custom_fields = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`f${n}`, '語'.repeat(2_000)]));
    for (let n = 0; n < 20; n += 1) {
      const body = { phone_number: `+141555501${String(n).padStart(2, '0')}`, custom_fields };
      expect((await gateway.send({ method: 'POST', path: '/contacts', body })).status).toBe(201);
    }
    const unread = await Promise.all(Array.from({ length: ANSWERS }, askWithoutReading));
    const refused = await ask(KEYS.read);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask(KEYS.other)).status).toBe(200);
    unread[0]!.resume();
    await vi.waitFor(async () => expect((await ask(KEYS.read)).status).toBe(200));
    for (const socket of unread) socket.destroy();
  });
});
