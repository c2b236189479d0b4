import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { sendBefore, type SendResult, type SendLimits } from '../../../providers/send-before.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A server that hands each request to the test and counts the bytes of every connection. */
async function listen() {
  const sockets: Socket[] = [];
  const waiting: ((result: [IncomingMessage, ServerResponse]) => void)[] = [];
  const arrived: [IncomingMessage, ServerResponse][] = [];
  let requests = 0;
  const server: Server = createServer((request, response) => {
    requests += 1;
    request.resume();
    const taker = waiting.shift();
    if (taker) taker([request, response]);
    else arrived.push([request, response]);
  });
  server.on('connection', (socket: Socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    requests: () => requests,
    bytes: () => sockets.reduce((sum, socket) => sum + socket.bytesRead, 0),
    next: () =>
      new Promise<[IncomingMessage, ServerResponse]>((resolve) => {
        const here = arrived.shift();
        if (here) resolve(here);
        else waiting.push(resolve);
      }),
  };
}

function agentOf(options: Agent.Options = {}): Agent {
  const agent = new Agent({ connections: 1, pipelining: 1, ...options });
  closers.push(() => agent.destroy());
  return agent;
}

function post(agent: Agent, origin: string, limits: Partial<SendLimits> = {}) {
  return sendBefore(
    agent,
    { origin, path: '/calls', method: 'POST', body: '{"a":1}' },
    { sendBy: Number.POSITIVE_INFINITY, waitMs: 20_000, timeoutMs: 20_000, now: Date.now, ...limits },
  );
}

describe('a request that is sent in time', () => {
  test('is answered, body included', async () => {
    const server = await listen();
    const result = post(agentOf(), server.origin);
    const [, response] = await server.next();
    response.writeHead(201, { 'x-a': 'b' });
    response.write('half ');
    response.end('and half');
    const answer = await result;
    expect(answer).toMatchObject({ kind: 'answered', status: 201 });
    if (answer.kind !== 'answered') return;
    expect(answer.headers['x-a']).toBe('b');
    expect(answer.body.toString()).toBe('half and half');
  });

  test('does not follow a redirect', async () => {
    const server = await listen();
    const result = post(agentOf(), server.origin);
    const [, response] = await server.next();
    response.writeHead(307, { location: `${server.origin}/elsewhere` }).end();
    expect(await result).toMatchObject({ kind: 'answered', status: 307 });
    expect(server.requests()).toBe(1);
  });

  test('is lost when the connection breaks, and is not sent again', async () => {
    const server = await listen();
    const result = post(agentOf(), server.origin);
    const [request] = await server.next();
    request.socket.destroy();
    expect(await result).toMatchObject({ kind: 'lost' });
    expect(server.requests()).toBe(1);
  });

  test('is lost, and is not sent again, when a kept connection breaks under it', async () => {
    const server = await listen();
    const agent = agentOf();
    const first = post(agent, server.origin);
    (await server.next())[1].end('ok');
    expect(await first).toMatchObject({ kind: 'answered' });
    const second = post(agent, server.origin);
    const [request] = await server.next();
    request.socket.resetAndDestroy();
    expect(await second).toMatchObject({ kind: 'lost' });
    expect(server.requests()).toBe(2);
    expect(server.sockets).toHaveLength(1);
    // The agent goes on with a new connection, and still nothing of the lost request is repeated.
    const third = post(agent, server.origin);
    (await server.next())[1].end('ok');
    expect(await third).toMatchObject({ kind: 'answered' });
    expect(server.requests()).toBe(3);
  });

  test('is lost when the answer stops half-way until the time is up', async () => {
    const server = await listen();
    const result = post(agentOf(), server.origin, { timeoutMs: 150 });
    const [, response] = await server.next();
    response.writeHead(201, { 'content-length': '100' });
    response.write('{"data":');
    expect(await result).toEqual({ kind: 'lost', code: 'timeout' });
  });

  test('is lost when the answer is no HTTP or larger than allowed', async () => {
    const tcp = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end('SSH-2.0-nonsense\r\n\r\n'));
    });
    tcp.listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    closers.push(() => new Promise((resolve) => tcp.close(resolve)));
    const nonsense = await post(agentOf(), `http://127.0.0.1:${(tcp.address() as AddressInfo).port}`);
    expect(nonsense).toMatchObject({ kind: 'lost' });

    const server = await listen();
    const result = post(agentOf({ maxResponseSize: 10 }), server.origin);
    (await server.next())[1].end('x'.repeat(11));
    expect(await result).toEqual({ kind: 'lost', code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE' });
  });
});

describe('a request whose time has passed when a connection is at hand', () => {
  test('is not sent on a connection that was busy until then', async () => {
    const server = await listen();
    const agent = agentOf();
    let clock = 1_000;
    const limits = { now: () => clock, sendBy: 2_000 };
    const first = post(agent, server.origin, limits);
    const queued = [post(agent, server.origin, limits), post(agent, server.origin, limits)];
    const [, response] = await server.next();
    const bytes = server.bytes();
    clock = 2_000;
    response.end('ok');
    expect(await first).toMatchObject({ kind: 'answered' });
    expect(await Promise.all(queued)).toEqual([{ kind: 'expired' }, { kind: 'expired' }]);
    await vi.waitFor(() => expect(server.sockets.every((socket) => socket.closed)).toBe(true));
    expect(server.requests()).toBe(1);
    expect(server.bytes()).toBe(bytes);
    // The next one that is in time goes out.
    const next = post(agent, server.origin);
    (await server.next())[1].end('ok');
    expect(await next).toMatchObject({ kind: 'answered' });
    expect(server.requests()).toBe(2);
  });

  test('is not sent on a connection that was late', async () => {
    const server = await listen();
    const connect = buildConnector({});
    let clock = 1_000;
    let result: Promise<SendResult> | undefined;
    let handOver = () => {};
    const made = new Promise<void>((resolve) => {
      const agent = agentOf({
        connect: (options, callback) =>
          connect(options, (...result: Parameters<typeof callback>) => {
            handOver = () => callback(...result);
            resolve();
          }),
      });
      result = post(agent, server.origin, { now: () => clock, sendBy: 2_000 });
    });
    await made;
    clock = 2_000;
    handOver();
    expect(await result).toEqual({ kind: 'expired' });
    await vi.waitFor(() => expect(server.sockets[0]?.closed).toBe(true));
    expect(server.bytes()).toBe(0);
  });

  test('is sent up to the last millisecond', async () => {
    const server = await listen();
    const result = post(agentOf(), server.origin, { now: () => 1_999, sendBy: 2_000 });
    (await server.next())[1].end('ok');
    expect(await result).toMatchObject({ kind: 'answered' });
  });
});

describe('a request for which there is no connection', () => {
  test('is unsent when the connection is refused, however many wait', async () => {
    const server = createTcpServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const agent = agentOf({ connections: 2 });
    const results = await Promise.all(Array.from({ length: 9 }, () => post(agent, `http://127.0.0.1:${port}`)));
    expect(new Set(results.map((result) => JSON.stringify(result)))).toEqual(
      new Set([JSON.stringify({ kind: 'unsent', code: 'ECONNREFUSED' })]),
    );
  });

  test('is unsent when the other side does not speak TLS', async () => {
    const server = await listen();
    const result = await post(agentOf(), server.origin.replace('http:', 'https:'));
    expect(result).toMatchObject({ kind: 'unsent' });
    expect(server.requests()).toBe(0);
  });

  test('is unsent after waiting too long, and does not leave later', async () => {
    const server = await listen();
    const agent = agentOf();
    const first = post(agent, server.origin);
    const [, response] = await server.next();
    const waited = await post(agent, server.origin, { waitMs: 20 });
    expect(waited).toEqual({ kind: 'unsent', code: 'no_connection_in_time' });
    response.end('ok');
    await first;
    const next = post(agent, server.origin);
    (await server.next())[1].end('ok');
    await next;
    expect(server.requests()).toBe(2);
  });

  test('is unsent when the agent is closed', async () => {
    const agent = agentOf();
    await agent.close();
    expect(await post(agent, 'http://127.0.0.1:9')).toMatchObject({ kind: 'unsent' });
  });
});
