/**
 * A TCP proxy whose network can be spoiled: slow, silent, or broken off in the middle of a message. It copies bytes and
 * knows no protocol, so it can stand before PostgreSQL, Temporal and an HTTP server alike.
 *
 * A network that drops packets tells neither side anything. So while the proxy is silent it passes on no byte and no end
 * of a connection: a waiting side keeps waiting, and a server keeps the session of a client that has long gone.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket, connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export interface TcpProxyOptions {
  /** The port behind the proxy, on the loopback interface. Nobody need listen there yet. */
  readonly target: number;
  /** The port to listen on. Default: any free one. */
  readonly port?: number;
  /** Told each piece of data from a client when it arrives here, whatever becomes of it afterwards. */
  readonly onClientData?: (chunk: Buffer) => void;
}

export interface TcpProxy {
  readonly port: number;
  /** Connections that are open towards clients. */
  readonly connections: number;
  /** From now on each piece of data arrives `delayMs` later, in both directions. */
  slow(delayMs: number): void;
  /** Nothing passes any more, on present and on new connections. What was sent meanwhile arrives after `restore`. */
  silence(): void;
  /** Nothing ever passes again on the present connections; new ones work. A router that lost its table does this. */
  forget(): void;
  /** Each present connection passes half of the next piece of data, then both of its ends are reset. */
  cut(): void;
  /** Ends slowness and silence. Connections that were forgotten stay dumb. */
  restore(): void;
  /** Resets every connection and stops listening. */
  close(): Promise<void>;
}

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  forgotten: boolean;
  cut: boolean;
}

interface Silence {
  readonly over: Promise<void>;
  end(): void;
}

const LOOPBACK = '127.0.0.1';

export async function startTcpProxy({ target, port = 0, onClientData }: TcpProxyOptions): Promise<TcpProxy> {
  const connections = new Set<Connection>();
  const network: { delayMs: number; silence: Silence | null } = { delayMs: 0, silence: null };

  /** Resolves once packets pass on this connection; never on a forgotten one. */
  async function untilPassing(connection: Connection): Promise<void> {
    while (network.silence) await network.silence.over;
    if (connection.forgotten) await new Promise(() => {});
  }

  async function pass(connection: Connection, chunk: Buffer, to: Socket): Promise<void> {
    if (network.delayMs > 0) await pause(network.delayMs);
    await untilPassing(connection);
    if (connection.cut) {
      to.write(chunk.subarray(0, Math.floor(chunk.length / 2)), () => reset(connection));
      return;
    }
    await new Promise<void>((resolve) => to.write(chunk, () => resolve()));
  }

  function carry(connection: Connection, from: Socket, to: Socket): void {
    from.on('data', (chunk: Buffer) => {
      from.pause();
      void pass(connection, chunk, to).then(() => from.resume());
    });
    from.once('end', () => void untilPassing(connection).then(() => to.end()));
    from.once('error', () => void untilPassing(connection).then(() => reset(connection)));
    from.once('close', () => {
      if (connection.client.destroyed && connection.server.destroyed) connections.delete(connection);
    });
  }

  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const server = connect({ host: LOOPBACK, port: target, allowHalfOpen: true, noDelay: true });
    const connection = { client, server, forgotten: false, cut: false };
    connections.add(connection);
    if (onClientData) client.on('data', onClientData);
    carry(connection, client, server);
    carry(connection, server, client);
  }).listen(port, LOOPBACK);
  await once(listener, 'listening');

  return {
    port: (listener.address() as AddressInfo).port,
    get connections() {
      return [...connections].filter(({ client }) => !client.destroyed).length;
    },
    slow(ms) {
      network.delayMs = ms;
    },
    silence() {
      network.silence ??= beginSilence();
    },
    forget() {
      for (const connection of connections) connection.forgotten = true;
    },
    cut() {
      for (const connection of connections) connection.cut = true;
    },
    restore() {
      network.silence?.end();
      Object.assign(network, { delayMs: 0, silence: null });
    },
    async close() {
      for (const connection of connections) reset(connection);
      listener.close();
      await once(listener, 'close');
    },
  };
}

function reset({ client, server }: Connection): void {
  for (const socket of [client, server]) {
    if (!socket.destroyed) socket.resetAndDestroy();
  }
}

function beginSilence(): Silence {
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { over, end };
}
