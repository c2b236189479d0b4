/**
 * A client that does not depend on one connection. A frozen server, or a router that has lost its table, accepts a TCP
 * connection and then says nothing. The gRPC client would wait without limit, because keepalive begins only after the
 * first byte. The server is therefore asked every few seconds, and a new connection replaces one that has been silent
 * for too long.
 */
import type { Client } from '@temporalio/client';
import type { FastifyBaseLogger } from 'fastify';
import { repeatWork } from '../background/repeat-work.ts';

export interface RenewingClientOptions {
  /** Creates a client without waiting for the server. */
  readonly connect: () => Promise<Client>;
  readonly logger: Pick<FastifyBaseLogger, 'warn'>;
  /** Time between two questions. Default: 5 seconds. */
  readonly everyMs?: number;
  /** How long a connection may stay silent. Default: 20 seconds, in which a restarting server comes back. */
  readonly silentForMs?: number;
}

export interface RenewingClient {
  /** A proxy for the client in use. */
  readonly client: Client;
  close(): Promise<void>;
}

const ANSWER_WITHIN_MS = 2_000;
/** The SDK's own error says more, and comes at the deadline. */
const LATER_THAN_THE_SDK_MS = 250;
/** The waits grow to this during an outage, so that a long outage leaves few connections behind. */
const LONGEST_SILENCE_MS = 10 * 60_000;

export async function renewingClient({
  connect,
  logger,
  everyMs = 5_000,
  silentForMs = 20_000,
}: RenewingClientOptions): Promise<RenewingClient> {
  let current = await connect();
  let heardAt = performance.now();
  let patienceMs = silentForMs;
  const isAnswered = (): Promise<boolean> =>
    current
      .withDeadline(Date.now() + ANSWER_WITHIN_MS, () => current.workflowService.getSystemInfo({}))
      .then(
        () => true,
        () => false,
      );
  const work = async (): Promise<void> => {
    if (await isAnswered()) {
      heardAt = performance.now();
      patienceMs = silentForMs;
      return;
    }
    if (performance.now() - heardAt < patienceMs) return;
    logger.warn('Temporal has been silent for a while: connecting to it again');
    // The silent connection is left alone. If it were closed while the SDK waits to repeat a request on it, an error
    // thrown from a timer would end the process. Without requests it makes no connection any more.
    current = await connect();
    heardAt = performance.now();
    patienceMs = Math.min(2 * patienceMs, LONGEST_SILENCE_MS);
  };
  const watching = repeatWork({
    everyMs,
    work,
    onFailure: () => logger.warn('The connection to Temporal could not be made again'),
  });
  const client = new Proxy(current, {
    get: (_first, property) => {
      if (property === 'withDeadline') {
        return <T>(deadline: number | Date, act: () => Promise<T>) => withDeadline(current, deadline, act);
      }
      const value: unknown = Reflect.get(current, property, current);
      return typeof value === 'function' ? (value.bind(current) as unknown) : value;
    },
  });
  return {
    client,
    async close() {
      await watching.stop();
      await current.connection.close();
    },
  };
}

/**
 * A deadline of the SDK holds for requests over one connection. Here another one may replace it between two requests, or have replaced
 * that of a workflow handle. So the promise is also rejected when the time is over.
 */
async function withDeadline<T>(client: Client, deadline: number | Date, act: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const leftMs = Math.max(0, Number(deadline) - Date.now()) + LATER_THAN_THE_SDK_MS;
    timer = setTimeout(() => reject(new Error('Temporal did not answer in time')), leftMs);
  });
  try {
    return await Promise.race([client.withDeadline(deadline, act), late]);
  } finally {
    clearTimeout(timer);
  }
}
