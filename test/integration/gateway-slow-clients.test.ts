import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { KEYS, openGateway, type TestGateway } from '../support/harness/gateway.ts';
import { watchForLeaks } from '../support/probes/leaks.ts';
import { personalDataIn } from '../support/probes/personal-data.ts';

const LIMITS = { headersMs: 200, bodyMs: 200, bytesPerSecond: 1_000_000, everyMs: 50 };
const AUTHORIZED = `Authorization: Bearer ${KEYS.write}`;
/** A client that goes on for ever, a byte at a time, which is less than the gateway asks for. */
const TRICKLE_MS = 20;

let gateway: TestGateway;
let port: number;
const log: string[] = [];
const clients: SlowClient[] = [];
const expectNoLeaks = watchForLeaks();

beforeAll(async () => {
  // Everything is logged, so that whatever a log could give away is there to be found.
  const logger = pino({ level: 'trace' }, { write: (line: string) => void log.push(line) });
  gateway = await openGateway({ slowClients: LIMITS, logger });
  await gateway.app.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = gateway.app.addresses()[0] as AddressInfo);
});
afterEach(() => {
  for (const client of clients.splice(0)) client.stop();
});
afterAll(async () => {
  await gateway.close();
  await expectNoLeaks();
});

class SlowClient {
  /** What the gateway has sent so far. */
  received = '';
  closed = false;
  readonly #socket: Socket;
  #trickling: NodeJS.Timeout | undefined;

  /** Sends the lines at once, and from then on these bytes again and again. */
  constructor(lines: readonly string[], bytes: string, to = port) {
    this.#socket = connect(to, '127.0.0.1', () => {
      this.#socket.write(lines.join('\r\n'));
      this.#trickling = setInterval(() => this.#socket.writable && this.#socket.write(bytes), TRICKLE_MS);
    });
    this.#socket.on('data', (chunk) => (this.received += chunk.toString()));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => (this.closed = true));
    clients.push(this);
  }

  send(bytes: string): void {
    this.#socket.write(bytes);
  }

  stop(): void {
    clearInterval(this.#trickling);
    this.#socket.destroy();
  }
}

const isCutOff = (client: SlowClient) => vi.waitFor(() => expect(client.closed).toBe(true));

/** Asks again and again until the promise is settled; resolves with how often it was answered. */
async function servesOthersUntil(settled: Promise<unknown>): Promise<number> {
  const over = new AbortController();
  let answered = 0;
  const ended = settled.finally(() => over.abort());
  while (!over.signal.aborted) {
    const reply = await fetch(`http://127.0.0.1:${port}${API_ROOT}/batch-calls`, {
      headers: { authorization: `Bearer ${KEYS.read}` },
    });
    await reply.json();
    expect(reply.status).toBe(200);
    answered += 1;
  }
  await ended;
  return answered;
}

const post = (path: string, ...headers: string[]) => [
  `POST ${path} HTTP/1.1`,
  'Host: localhost',
  'Content-Type: application/json',
  ...headers,
];
const CAMPAIGN = JSON.stringify({
  name: 'Reminders',
  agent_id: 'agent-1',
  contacts: [{ phone_number: '+14155550103', first_name: 'Givenname3' }],
});

describe('a request that comes byte by byte is cut off, and others are served meanwhile', () => {
  it.each<[what: string, lines: string[], answer: RegExp]>([
    ['in its headers', ['GET / HTTP/1.1', 'Host: localhost', 'X-Slow: '], /^HTTP\/1\.1 408 .*"request_timeout"/s],
    ['before its first byte', [], /^(?:HTTP\/1\.1 408 .*)?$/s],
    [
      'in its body',
      [...post(`${API_ROOT}/batch-calls`, AUTHORIZED, 'Content-Length: 9000'), '', '{"name": "'],
      /^HTTP\/1\.1 408 .*"request_timeout"/s,
    ],
    [
      'in chunks',
      [...post(`${API_ROOT}/batch-calls`, AUTHORIZED, 'Transfer-Encoding: chunked'), '', '4000', '{"name": "'],
      /^HTTP\/1\.1 408 .*"request_timeout"/s,
    ],
    ['as a webhook', [...post('/webhooks/truedy', 'Content-Length: 9000'), '', '{'], /^HTTP\/1\.1 408 /],
    // The answer came at once; it is the connection that must not stay.
    ['after it was refused', [...post(`${API_ROOT}/contacts`, 'Content-Length: 9000'), '', '{'], /^HTTP\/1\.1 401 /],
    ['to nowhere', [...post('/nowhere', 'Content-Length: 9000'), '', '{'], /^HTTP\/1\.1 4\d\d /],
  ])('%s', async (what, lines, answer) => {
    const client = new SlowClient(lines, what === 'before its first byte' ? '' : 'x');
    expect(await servesOthersUntil(isCutOff(client))).toBeGreaterThan(0);
    expect(client.received).toMatch(answer);
  });

  it('as a file: nothing of it is imported, and its place is free', async () => {
    const form = '--b\r\nContent-Disposition: form-data; name="file"; filename="c.csv"\r\n\r\nphone\n+14155550104\n';
    const multipart = [
      `POST ${API_ROOT}/contacts/import HTTP/1.1`,
      'Host: localhost',
      AUTHORIZED,
      'Content-Type: multipart/form-data; boundary=b',
      'Content-Length: 90000',
    ];
    const csv = [
      `POST ${API_ROOT}/contacts/import HTTP/1.1`,
      'Host: localhost',
      AUTHORIZED,
      'Content-Type: text/csv',
      'Content-Length: 90000',
    ];
    // More than there are places, each after the other.
    for (const lines of [
      [...csv, '', 'phone\n+14155550104\n'],
      [...multipart, '', form],
      [...multipart, '', '--b'],
      [...csv, '', 'phone\n'],
    ]) {
      await isCutOff(new SlowClient(lines, ' '));
    }
    // Over a socket, on which the file lies ready while the gateway is not; an injected request would count as slow then.
    const sound = await fetch(`http://127.0.0.1:${port}${API_ROOT}/contacts/import`, {
      method: 'POST',
      body: 'phone\n+14155550105\n',
      headers: { authorization: `Bearer ${KEYS.write}`, 'content-type': 'text/csv' },
    });
    expect([sound.status, await sound.json()]).toMatchObject([200, { data: { imported: 1 } }]);
    const { rows } = await gateway.db.pool.query('select phone_number from contacts');
    expect(rows).toEqual([{ phone_number: '+14155550105' }]);
  });
});

describe('a request that is slow but keeps the pace', () => {
  it('is cut off as a file that never ends, and nothing of it is imported', async () => {
    const own = await openGateway({ slowClients: { ...LIMITS, bytesPerSecond: 1, totalMs: 400 } });
    await own.app.listen({ host: '127.0.0.1', port: 0 });
    const { port: ownPort } = own.app.addresses()[0] as AddressInfo;
    const lines = [
      `POST ${API_ROOT}/contacts/import HTTP/1.1`,
      'Host: localhost',
      AUTHORIZED,
      'Content-Type: text/csv',
      'Transfer-Encoding: chunked',
      '',
      '15\r\nphone\n+14155550104\n\r\n\r\n',
    ];
    try {
      const endless = new SlowClient(lines, '1\r\n\n\r\n', ownPort);
      await isCutOff(endless);
      expect(endless.received).toMatch(/^HTTP\/1\.1 408 .*"request_timeout".*split the file/s);
      const { rows } = await own.db.pool.query('select phone_number from contacts');
      expect(rows).toEqual([]);
    } finally {
      await own.close();
    }
  });

  it('is taken, after others that began with it were cut off', async () => {
    const path = `${API_ROOT}/batch-calls`;
    // Five seconds' worth of bytes at once; then nothing, for longer than a small body may be waited for.
    const ahead = ' '.repeat(5_000_000);
    const length = `Content-Length: ${ahead.length + CAMPAIGN.length}`;
    const steady = new SlowClient([...post(path, AUTHORIZED, length, 'Expect: 100-continue'), '', ''], '');
    await vi.waitFor(() => expect(steady.received).toMatch(/^HTTP\/1\.1 100 /));
    steady.send(ahead);
    await isCutOff(new SlowClient([...post(path, AUTHORIZED, length), '', '{'], ''));
    expect(steady.closed).toBe(false);
    steady.send(CAMPAIGN);
    await vi.waitFor(() => expect(steady.received).toContain('HTTP/1.1 201 '));
  });
});

describe('a file that waits for the database', () => {
  it('is not cut off, however long it takes', async () => {
    const blocker = await gateway.db.pool.connect();
    try {
      await blocker.query('begin');
      await blocker.query('lock table contact_folders in access exclusive mode');
      const upload = fetch(`http://127.0.0.1:${port}${API_ROOT}/contacts/import`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEYS.write}`, 'content-type': 'text/csv' },
        body: `phone\n+14155550106\n`.padEnd(1_000_000, '\n'),
      });
      // Its failure is looked at below.
      upload.catch(() => {});
      for (let other = 0; other < 3; other += 1) {
        await isCutOff(new SlowClient([...post('/webhooks/truedy', 'Content-Length: 9000'), '', '{'], ''));
      }
      await blocker.query('rollback');
      expect(await (await upload).json()).toMatchObject({ data: { imported: 1 } });
    } finally {
      blocker.release();
    }
  });
});

describe('bytes that are no request', () => {
  it.each<[what: string, lines: string[], status: number]>([
    ['another protocol', ['\x16\x03\x01\x02givenname Givenname3 +14155550103', '', ''], 400],
    ['a header that smuggles', [...post('/healthz', 'Content-Length: 5', 'Transfer-Encoding: chunked'), '', ''], 400],
    ['a header with a NUL', ['GET /healthz HTTP/1.1', 'Host: localhost', 'X-A: a\0b', '', ''], 400],
    ['headers too large', ['GET /healthz HTTP/1.1', 'Host: localhost', `X-A: ${'a'.repeat(20_000)}`, '', ''], 431],
    ['no host', ['GET /healthz HTTP/1.1', '', ''], 400],
  ])('%s: refused, and the connection is closed', async (_, lines, status) => {
    const client = new SlowClient(lines, '');
    await isCutOff(client);
    expect(client.received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it('an injected line in a header of ours does not come back', async () => {
    const socket = connect(port, '127.0.0.1');
    const key = 'a\r\nX-Idempotency-Key: b';
    socket.write(
      [
        ...post(
          `${API_ROOT}/batch-calls`,
          AUTHORIZED,
          `X-Idempotency-Key: ${key}`,
          `Content-Length: ${CAMPAIGN.length}`,
          'Connection: close',
        ),
        '',
        CAMPAIGN,
      ].join('\r\n'),
    );
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString()));
    await once(socket, 'close');
    expect(received).toMatch(/^HTTP\/1\.1 (?:201|422) /);
    expect(received.slice(0, received.indexOf('\r\n\r\n')).toLowerCase()).not.toContain('idempotency-key');
  });
});

// Last: it reads what all of the above has left.
describe('the log of all this', () => {
  it('holds no person, no key and no bytes of what could not be read', () => {
    expect(log.length).toBeGreaterThan(20);
    expect(log.flatMap(personalDataIn)).toEqual([]);
    for (const word of [...Object.values(KEYS), 'givenname', 'rawPacket', 'X-Slow']) {
      expect(log.filter((line) => line.includes(word))).toEqual([]);
    }
    expect(log.filter((line) => /"level":(?:50|60)/.test(line))).toEqual([]);
  });
});
