import type { CallProvider, CallRef, LookUpResult } from '../port.ts';
import { connectWithinMs } from '../../domain/engine/dial-budget.ts';
import { LOOK_UPS } from '../../domain/engine/time-limits.ts';
import { openAgents } from '../http-agents.ts';
import { maskSecrets, type PlacementRequest, toDispatch } from '../http-request.ts';
import { sendBefore } from '../send-before.ts';
import { classifyPlacement } from './answer.ts';
import type { TruedyConfig } from './config.ts';
import { parseTruedy } from './event.ts';
import { lookUpById, lookUpInList, lookUpAmongNewest, PAGE, PAGES } from './look-up.ts';
import { limitConcurrency } from '../concurrency-limit.ts';
import { freezeCall } from './request.ts';
import { verifyTruedy } from './signature.ts';

const MAX_ANSWER_BYTES = 1_048_576;
/**
 * Simultaneous look-ups by id. They must not use up the provider's rate limits, which the dials need. Others wait here,
 * where the wait does not count as the provider's time.
 */
const LOOK_UPS_AT_ONCE = 8;
/** No page of the list is requested later than this before the look-up ends: the pages read by then would be lost. */
const LAST_PAGE_BEFORE_MS = 2_000;

/** Calls from which on the pages of the newest calls are better than a request for each. */
const LIST_FROM = 2 * PAGES;

function idsOf(calls: readonly CallRef[]): string[] {
  return calls.flatMap(({ providerCallId }) => (providerCallId === null ? [] : [providerCallId]));
}

/**
 * The Truedy voice provider.
 *
 * @param options.now the clock for `sendBy`, for `Retry-After` dates and for events without a time
 */
export function createTruedyProvider(
  config: TruedyConfig,
  { now = Date.now }: { readonly now?: () => number } = {},
): CallProvider {
  const root = new URL(config.baseUrl);
  const pathOfRoot = root.pathname.replace(/\/+$/, '');
  const waitMs = connectWithinMs(config.requestTimeoutMs);
  const { dials, lookUps, close } = openAgents({ waitMs, maxAnswerBytes: MAX_ANSWER_BYTES });
  const withSlot = limitConcurrency(LOOK_UPS_AT_ONCE, LOOK_UPS.answerWithinMs);
  const listTime = {
    now: () => performance.now(),
    withinMs: LOOK_UPS.answerWithinMs - config.requestTimeoutMs - LAST_PAGE_BEFORE_MS,
  };
  const authorization = `Bearer ${config.apiKey}`;
  const limits = { now, waitMs, timeoutMs: config.requestTimeoutMs };
  const get = (path: string) =>
    sendBefore(
      lookUps,
      { origin: root.origin, path: pathOfRoot + path, method: 'GET', headers: { authorization } },
      { ...limits, sendBy: Number.POSITIVE_INFINITY },
    );

  const placement = (frozen: string, key: string): PlacementRequest => ({
    method: 'POST',
    url: `${root.origin}${pathOfRoot}/calls`,
    headers: { authorization, 'content-type': 'application/json', 'x-idempotency-key': key },
    body: frozen,
  });

  return {
    name: 'truedy',
    facts: {
      keyTtlMs: config.keyTtlMs,
      finds: 'by id',
      // Agents can be configured to return variables; events without them are matched by the provider's id.
      echoes: true,
      requestTimeoutMs: config.requestTimeoutMs,
      queueBoundMs: config.queueBoundMs,
      callLifetimeMs: (config.joinTimeoutS + config.maxDurationS) * 1000,
      callsPerLookUp: PAGE,
    },

    freeze: (call) => freezeCall(call, config),

    async place(frozen, key, sendBy) {
      const result = await sendBefore(dials, toDispatch(placement(frozen, key)), { ...limits, sendBy });
      return classifyPlacement(result, now());
    },

    preview: (frozen, key) => maskSecrets(placement(frozen, key), [config.apiKey]),

    async lookUp(calls) {
      const ids = idsOf(calls);
      const unnamed = calls.filter(({ providerCallId }) => providerCallId === null);
      const searched = lookUpInList(
        get,
        unnamed.flatMap(({ callId }) => (callId === null ? [] : [callId])),
        listTime,
      );
      const newest = ids.length < LIST_FROM ? null : withSlot(() => lookUpAmongNewest(get, ids, listTime));
      const lookUpOne = async ({ callId, providerCallId }: CallRef): Promise<LookUpResult> => {
        if (providerCallId === null) return (await searched)(callId);
        return newest ? (await newest)(providerCallId) : withSlot(() => lookUpById(get, providerCallId));
      };
      return Promise.all(calls.map(lookUpOne));
    },

    lookUpRequests(calls) {
      const named = idsOf(calls).length;
      return (named < LIST_FROM ? named : PAGES) + (named < calls.length ? PAGES : 0);
    },

    verify: (webhook) => verifyTruedy(config.webhookSecrets, webhook),

    parse: ({ rawBody }) => parseTruedy(rawBody, now()),

    close,
  };
}
