import { Agent } from 'undici';
import type { CallProvider } from './port.ts';
import { sendBefore } from './send-before.ts';
import { classifyPlacement } from './truedy-answer.ts';
import type { TruedyConfig } from './truedy-config.ts';
import { parseTruedy } from './truedy-event.ts';
import { lookUpById, lookUpInList } from './truedy-look-up.ts';
import { freezeCall } from './truedy-request.ts';
import { verifyTruedy } from './truedy-signature.ts';

const MAX_ANSWER_BYTES = 1_048_576;

/**
 * The Truedy voice provider.
 *
 * @param options.now the clock that `sendBy`, `Retry-After` dates and undated events are compared with.
 */
export function createTruedyProvider(
  config: TruedyConfig,
  { now = Date.now }: { readonly now?: () => number } = {},
): CallProvider {
  const root = new URL(config.baseUrl);
  const pathOfRoot = root.pathname.replace(/\/+$/, '');
  // The other half of the time is the answer's: a request sent with no time left would be unknown for nothing.
  const waitMs = config.requestTimeoutMs / 2;
  const agent = new Agent({
    connections: config.connections,
    // One request at a time on a connection: requests pipelined behind a broken one would be sent again.
    pipelining: 1,
    // On HTTP/2 a connection that goes away hands its requests on to the next one.
    allowH2: false,
    connect: { timeout: waitMs },
    maxResponseSize: MAX_ANSWER_BYTES,
  });
  const authorization = `Bearer ${config.apiKey}`;
  const limits = { now, waitMs, timeoutMs: config.requestTimeoutMs };
  const get = (path: string) =>
    sendBefore(
      agent,
      { origin: root.origin, path: pathOfRoot + path, method: 'GET', headers: { authorization } },
      { ...limits, sendBy: Number.POSITIVE_INFINITY },
    );

  return {
    name: 'truedy',
    facts: {
      keyTtlMs: config.keyTtlMs,
      finds: 'by id',
      // Variables come back where the agent is set up to report them; events without them go by the provider's id.
      echoes: true,
      requestTimeoutMs: config.requestTimeoutMs,
      queueBoundMs: config.queueBoundMs,
      callLifetimeMs: (config.joinTimeoutS + config.maxDurationS) * 1000,
    },

    freeze: (call) => freezeCall(call, config),

    async place(frozen, key, sendBy) {
      const headers = { authorization, 'content-type': 'application/json', 'x-idempotency-key': key };
      const exchange = await sendBefore(
        agent,
        { origin: root.origin, path: `${pathOfRoot}/calls`, method: 'POST', headers, body: frozen },
        { ...limits, sendBy },
      );
      return classifyPlacement(exchange, now());
    },

    lookUp: ({ callId, providerCallId }) =>
      providerCallId === null ? lookUpInList(get, callId) : lookUpById(get, providerCallId),

    verify: (rawBody, headers, at) => verifyTruedy(config.webhookSecrets, rawBody, headers, at),

    parse: (rawBody) => parseTruedy(rawBody, now()),

    close: () => agent.close(),
  };
}
