/**
 * A client that does not depend on one connection. Somebody who takes a TCP connection and then says nothing, as a frozen server
 * or a router that lost its table does, is waited for without limit by the gRPC client: keepalive begins only after the first
 * word. The server is therefore asked every few seconds, and when it has been silent for a while on this connection another
 * one takes its place.
 */
import type { Client } from '@temporalio/client';
import type { FastifyBaseLogger } from 'fastify';
import { repeatWork } from '../background/repeat-work.ts';

export interface RenewingClientOptions {
  /** Makes a client without waiting for the server. */
  readonly connect: () => Promise<Client>;
  readonly logger: Pick<FastifyBaseLogger, 'warn'>;
  /** From one question to the next. Default: 5 seconds. */
  readonly everyMs?: number;
  /** How long a connection may stay silent. Default: 20 seconds, in which a server that is restarting comes back. */
  readonly silentForMs?: number;
}

export interface RenewingClient {
  /** Stands for whichever client is in use. */
  readonly client: Client;
  close(): Promise<void>;
}

const ANSWER_WITHIN_MS = 2_000;
/** While the server stays away the waits grow to this, so that a long outage leaves few connections behind. */
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
    // The silent one is left alone. Closed while the SDK waits to send a request on it again, it would throw out of a timer and
    // end the process; without requests it makes no connection any more.
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
