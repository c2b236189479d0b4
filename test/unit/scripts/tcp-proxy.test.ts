import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../../../scripts/tcp-proxy.ts';

/** Answers each byte with itself, and keeps what it knows of its clients. */
class Echo {
  readonly sockets: Socket[] = [];
  readonly ended: Socket[] = [];
  received = '';
  readonly #server: Server;

  constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.sockets.push(socket);
      socket.on('data', (chunk) => {
        this.received += String(chunk);
        socket.write(chunk);
      });
      socket.on('end', () => {
        this.ended.push(socket);
        socket.end();
      });
      socket.on('error', () => {});
    }).listen(0, '127.0.0.1');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async ready(): Promise<void> {
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** A client that notes what it is told. */
class Caller {
  heard = '';
  error: NodeJS.ErrnoException | null = null;
  ended = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => (this.heard += String(chunk)));
    socket.on('end', () => (this.ended = true));
    socket.on('error', (error) => (this.error = error));
  }

  static async call(port: number): Promise<Caller> {
    const socket = connect({ port, host: '127.0.0.1' });
    const caller = new Caller(socket);
    await once(socket, 'connect');
    return caller;
  }

  async says(text: string): Promise<void> {
    this.socket.write(text);
    const before = this.heard.length;
    await vi.waitFor(() => expect(this.heard.slice(before)).toBe(text), PATIENT);
  }
}

/** On a busy machine. */
const PATIENT = { interval: 5 };

let echo: Echo;
let proxy: TcpProxy;
let callers: Caller[];
const call = async () => {
  const caller = await Caller.call(proxy.port);
  callers.push(caller);
  return caller;
};

beforeEach(async () => {
  callers = [];
  echo = new Echo();
  await echo.ready();
  proxy = await startTcpProxy({ target: echo.port });
});
afterEach(async () => {
  for (const { socket } of callers) socket.destroy();
  await proxy.close();
  await echo.close();
});

describe('a proxy', () => {
  test('passes everything on in both directions, also what does not fit a buffer, and the end', async () => {
    const caller = await call();
    await caller.says('x'.repeat(3_000_000));
    caller.socket.end('last');
    await once(caller.socket, 'close');
    expect(caller.heard).toHaveLength(3_000_004);
    expect(caller.heard.endsWith('last')).toBe(true);
    expect(caller.error).toBeNull();
    await vi.waitFor(() => expect(proxy.connections).toBe(0), PATIENT);
  });

  test('resets a connection behind which nobody listens', async () => {
    await echo.close();
    const caller = await call();
    await vi.waitFor(() => expect(caller.error?.code).toBe('ECONNRESET'), PATIENT);
    echo = new Echo();
    await echo.ready();
  });

  test('that is silent passes nothing, no end and no reset, until it is restored', async () => {
    const caller = await call();
    const gone = await call();
    await caller.says('before');
    await gone.says('before');
    const late = 'and after';
    proxy.silence();
    const fresh = await call();
    caller.socket.write(late);
    fresh.socket.write('!');
    gone.socket.resetAndDestroy();
    // Another proxy to the same server: as fast as this one would have been.
    const other = await startTcpProxy({ target: echo.port });
    const witness = await Caller.call(other.port);
    await witness.says('meanwhile');
    expect(echo.received).toBe('beforebeforemeanwhile');
    expect(caller.heard).toBe('before');
    expect(caller.error).toBeNull();
    expect(echo.sockets.filter(({ destroyed }) => destroyed)).toEqual([]);
    expect(echo.ended).toEqual([]);

    proxy.restore();
    await vi.waitFor(() => expect([caller.heard, fresh.heard]).toEqual([`before${late}`, '!']), PATIENT);
    await vi.waitFor(() => expect(echo.sockets.filter(({ destroyed }) => destroyed)).toHaveLength(1), PATIENT);
    witness.socket.destroy();
    await other.close();
  });

  test('that forgot its connections lets them wait for good, and serves new ones', async () => {
    const old = await call();
    await old.says('a');
    proxy.forget();
    old.socket.write('b');
    const fresh = await call();
    await fresh.says('c');
    proxy.restore();
    await fresh.says('d');
    expect(echo.received).toBe('acd');
    expect({ heard: old.heard, error: old.error, ended: old.ended }).toEqual({ heard: 'a', error: null, ended: false });
    expect(echo.sockets[0]?.destroyed).toBe(false);
  });

  test('that cuts passes half a message and resets both ends; new connections work', async () => {
    const caller = await call();
    await caller.says('a');
    proxy.cut();
    caller.socket.write('12345678');
    await vi.waitFor(() => expect(caller.error?.code).toBe('ECONNRESET'), PATIENT);
    await vi.waitFor(() => expect(echo.sockets[0]?.destroyed).toBe(true), PATIENT);
    expect(echo.received).toBe('a1234');
    await (await call()).says('b');
  });

  test('that is slow passes everything later, in order', async () => {
    const arrived: string[] = [];
    const slow = await startTcpProxy({ target: echo.port, onClientData: (chunk) => arrived.push(String(chunk)) });
    const late = await Caller.call(slow.port);
    // Longer than a busy machine takes for the witness.
    slow.slow(60_000);
    late.socket.write('late');
    await vi.waitFor(() => expect(arrived).toEqual(['late']), PATIENT);
    // Through another proxy to the same server: as fast as this one would have been.
    await (await call()).says('first');
    expect(echo.received).toBe('first');

    const caller = await Caller.call(slow.port);
    slow.slow(100);
    caller.socket.write('a');
    await vi.waitFor(() => expect(arrived).toEqual(['late', 'a']), PATIENT);
    caller.socket.write('b');
    await vi.waitFor(() => expect(caller.heard).toBe('ab'), PATIENT);
    slow.restore();
    await caller.says('c');
    for (const { socket } of [late, caller]) socket.destroy();
    await slow.close();
  });
});
