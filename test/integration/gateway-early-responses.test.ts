/** Answers that are ready before the body of their request is in. Clients here speak over plain sockets. */
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { KEYS, openGateway, type TestGateway } from '../support/harness/gateway.ts';
import { watchForLeaks } from '../support/probes/leaks.ts';

const BODY_LIMIT = 256 * 1024;
const GIGABYTE = 1 << 30;
const MEGABYTE = 1 << 20;
/** Short, because clients here never close. */
const LINGER_MS = 300;
const REQUESTS_PER_MINUTE = 200;
const CAMPAIGN = JSON.stringify({
  name: 'Reminders',
  agent_id: 'agent-1',
  contacts: [{ phone_number: '+14155550103' }],
});

let gateway: TestGateway;
let port: number;
const accepted: Socket[] = [];
const clients: Client[] = [];
const expectNoLeaks = watchForLeaks();

beforeAll(async () => {
  gateway = await openGateway({
    bodyLimit: BODY_LIMIT,
    requestsPerMinute: REQUESTS_PER_MINUTE,
    slowClients: { lingerMs: LINGER_MS },
  });
  gateway.app.server.on('connection', (socket: Socket) => accepted.push(socket));
  await gateway.app.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = gateway.app.addresses()[0] as AddressInfo);
});
afterEach(() => {
  for (const client of clients.splice(0)) client.stop();
  accepted.length = 0;
});
afterAll(async () => {
  await gateway.close();
  await expectNoLeaks();
});

class Client {
  received = '';
  closed = false;
  readonly #socket: Socket;

  constructor(bytes: string, options: { readonly reads?: boolean; readonly goesOn?: boolean } = {}) {
    // One that goes on sends also when the gateway has closed its side.
    this.#socket = connect({ port, host: '127.0.0.1', allowHalfOpen: options.goesOn === true });
    this.#socket.write(bytes);
    if (options.reads !== false) this.read();
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => (this.closed = true));
    clients.push(this);
  }

  read(): void {
    this.#socket.on('data', (chunk) => (this.received += chunk.toString()));
  }

  send(bytes: string | Buffer): Promise<void> {
    return new Promise((resolve, reject) => this.#socket.write(bytes, (error) => (error ? reject(error) : resolve())));
  }

  /** Sends pieces as fast as they are taken, until the connection is closed. */
  pour(piece: Buffer): void {
    const go = () => {
      while (this.#socket.writable && this.#socket.write(piece));
    };
    this.#socket.on('drain', go);
    go();
  }

  stop(): void {
    this.#socket.destroy();
  }
}

const request = (method: string, path: string, ...headers: string[]) =>
  [`${method} ${path} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n');
const keyed = (key: string) => `Authorization: Bearer ${key}`;
const JSON_TYPE = 'Content-Type: application/json';
const CSV_TYPE = 'Content-Type: text/csv';
const CAMPAIGNS = `${API_ROOT}/batch-calls`;
const IMPORT = `${API_ROOT}/contacts/import`;
const WRONG_KEY = keyed('a-key-that-nobody-has');

const isClosed = (client: Client) => vi.waitFor(() => expect(client.closed).toBe(true));
const answersIn = (received: string) =>
  [...received.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));

/** Requests that are refused by their head alone, and the status of the refusal. */
const REFUSED: [what: string, status: number, method: string, path: string, headers: string[]][] = [
  ['no key', 401, 'POST', CAMPAIGNS, [JSON_TYPE]],
  ['a wrong key', 401, 'POST', CAMPAIGNS, [JSON_TYPE, WRONG_KEY]],
  ['a wrong key to the import', 401, 'POST', IMPORT, [CSV_TYPE, WRONG_KEY]],
  ['a key that may only read', 403, 'POST', CAMPAIGNS, [JSON_TYPE, keyed(KEYS.read)]],
  ['an address that does not exist', 404, 'POST', '/nowhere', [JSON_TYPE]],
  ['an address of the API that does not exist', 404, 'POST', `${API_ROOT}/nowhere`, [JSON_TYPE, keyed(KEYS.write)]],
  ['a body too large', 413, 'POST', CAMPAIGNS, [JSON_TYPE, keyed(KEYS.write)]],
  ['a webhook too large', 413, 'POST', '/webhooks/truedy', [JSON_TYPE]],
  ['a type that is not taken', 415, 'POST', CAMPAIGNS, ['Content-Type: application/xml', keyed(KEYS.write)]],
];

describe('a refusal ends the connection, and the rest of the body is not read', () => {
  it.each(REFUSED)('%s (%i), with a gigabyte behind it', async (_, status, method, path, headers) => {
    const client = new Client(request(method, path, ...headers, `Content-Length: ${GIGABYTE}`), { goesOn: true });
    client.pour(Buffer.alloc(65_536, 'x'));
    await isClosed(client);
    expect(answersIn(client.received)).toEqual([status]);
    expect(client.received).toMatch(/^connection: close\r$/im);
    expect(accepted[0]!.bytesRead).toBeLessThan(4 * MEGABYTE);
  });

  it.each<[what: string, status: number, path: string, headers: string[]]>([
    ['a wrong key', 401, CAMPAIGNS, [JSON_TYPE, WRONG_KEY]],
    ['a body that grows too large', 413, CAMPAIGNS, [JSON_TYPE, keyed(KEYS.write)]],
    ['a file that is none', 422, IMPORT, [CSV_TYPE, keyed(KEYS.write)]],
  ])('%s (%i), in chunks without end', async (_, status, path, headers) => {
    const client = new Client(request('POST', path, ...headers, 'Transfer-Encoding: chunked'), { goesOn: true });
    client.pour(Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`));
    await isClosed(client);
    expect(answersIn(client.received)).toEqual([status]);
    expect(client.received).toMatch(/^connection: close\r$/im);
    expect(accepted[0]!.bytesRead).toBeLessThan(8 * MEGABYTE);
  });

  it('is read by a client that reads nothing before it has sent everything', async () => {
    const body = Buffer.alloc(MEGABYTE - 1_000, ' ');
    const client = new Client(request('POST', CAMPAIGNS, JSON_TYPE, WRONG_KEY, `Content-Length: ${body.length}`), {
      reads: false,
    });
    for (let sent = 0; sent < body.length; sent += 65_536) await client.send(body.subarray(sent, sent + 65_536));
    client.read();
    await isClosed(client);
    expect(answersIn(client.received)).toEqual([401]);
    expect(client.received).toContain('"unauthorized"');
  });

  it('comes to a client that goes on sending long after it', async () => {
    const answer = fetch(`http://127.0.0.1:${port}${CAMPAIGNS}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEYS.write}`, 'content-type': 'application/json' },
      body: ' '.repeat(16 * MEGABYTE),
    });
    expect((await answer).status).toBe(413);
  });
});

describe('a client that asks whether to send its body', () => {
  const EXPECT = 'Expect: 100-continue';

  it.each(REFUSED)('is told no by the answer itself: %s (%i)', async (_, status, method, path, headers) => {
    const client = new Client(request(method, path, ...headers, EXPECT, `Content-Length: ${GIGABYTE}`));
    await isClosed(client);
    expect(answersIn(client.received)).toEqual([status]);
  });

  it.each<[what: string, path: string, headers: string[], body: string, status: number]>([
    ['a campaign', CAMPAIGNS, [JSON_TYPE], CAMPAIGN, 201],
    ['a file', IMPORT, [CSV_TYPE], 'phone\n+14155550104\n'.padEnd(2 * BODY_LIMIT, '\n'), 200],
    ['a webhook without a signature', '/webhooks/truedy', [JSON_TYPE], '{}', 401],
  ])('is told to go on, and then the answer: %s', async (_, path, headers, body, status) => {
    const length = `Content-Length: ${body.length}`;
    const client = new Client(request('POST', path, ...headers, keyed(KEYS.write), EXPECT, length));
    await vi.waitFor(() => expect(answersIn(client.received)).toEqual([100]));
    await client.send(body);
    await vi.waitFor(() => expect(answersIn(client.received)).toEqual([100, status]));
  });
});

describe('requests sent ahead on one connection', () => {
  it('are answered in their order, up to the one that ends it', async () => {
    const client = new Client(
      request('GET', CAMPAIGNS, keyed(KEYS.read)) +
        request('GET', '/healthz') +
        request('POST', CAMPAIGNS, JSON_TYPE, WRONG_KEY, `Content-Length: ${GIGABYTE}`),
      { goesOn: true },
    );
    client.pour(Buffer.alloc(65_536, 'x'));
    await isClosed(client);
    expect(answersIn(client.received)).toEqual([200, 200, 401]);
  });

  it('are not carried out behind the one that ends it', async () => {
    const body = ' '.repeat(BODY_LIMIT);
    const head = request('POST', CAMPAIGNS, JSON_TYPE, WRONG_KEY, `Content-Length: ${body.length}`);
    const client = new Client(head, { goesOn: true });
    await vi.waitFor(() => expect(answersIn(client.received)).toEqual([401]));
    const before = await gateway.db.pool.query('select count(*) from campaigns');
    await client.send(
      body + request('POST', CAMPAIGNS, JSON_TYPE, keyed(KEYS.write), `Content-Length: ${CAMPAIGN.length}`) + CAMPAIGN,
    );
    await vi.waitFor(() => expect(accepted[0]!.destroyed).toBe(true));
    expect(answersIn(client.received)).toEqual([401]);
    expect((await gateway.db.pool.query('select count(*) from campaigns')).rows).toEqual(before.rows);
  });

  it('go on after an answer whose body was in', async () => {
    const read = request('GET', CAMPAIGNS, keyed(KEYS.read));
    const wrong = request('POST', CAMPAIGNS, JSON_TYPE, keyed(KEYS.write), 'Content-Length: 2');
    const client = new Client(read);
    await vi.waitFor(() => expect(answersIn(client.received)).toEqual([200]));
    await client.send(`${wrong}{}`);
    await vi.waitFor(() => expect(answersIn(client.received)).toEqual([200, 422]));
    await client.send(read);
    await vi.waitFor(() => expect(answersIn(client.received)).toEqual([200, 422, 200]));
    expect(client.received).not.toMatch(/connection: close/i);
  });
});

// Last: it spends the requests of a key.
describe('one request more than a key has', () => {
  it('ends the connection, and a gigabyte behind it is not read', async () => {
    const headers = { authorization: `Bearer ${KEYS.other}` };
    const statuses = new Set<number>();
    for (let sent = 0; sent <= REQUESTS_PER_MINUTE; sent += 1) {
      statuses.add((await gateway.app.inject({ url: CAMPAIGNS, headers })).statusCode);
    }
    expect([...statuses]).toEqual([200, 429]);
    const scheme = 'Authorization:   bEARER   ';
    const client = new Client(
      request('POST', CAMPAIGNS, JSON_TYPE, scheme + KEYS.other, WRONG_KEY, `Content-Length: ${GIGABYTE}`),
      { goesOn: true },
    );
    client.pour(Buffer.alloc(65_536, 'x'));
    await isClosed(client);
    expect(answersIn(client.received)).toEqual([429]);
    expect(accepted[0]!.bytesRead).toBeLessThan(4 * MEGABYTE);
  });
});
