/**
 * Retell, a platform for voice agents: https://docs.retellai.com.
 *
 * Documented (the API reference, and the types of the official client retell-sdk 5.66, in November 2026):
 * - `POST /v2/create-phone-call` with Bearer authentication. The reply is the call with `call_id` and the status
 *   `registered`. `metadata` comes back in lists and webhooks. `agent_override` limits the duration and the ringing.
 * - Refusals as `{"status": "error", "message"}`: 400, 401, 402, 422 (an asset is unknown), 429.
 * - `POST /v3/list-calls` filters by `call_id` and by a top-level key of `metadata`, also for one of several values. Its
 *   calls contain no transcripts. Its filter by status knows no word for `registered`.
 * - `POST /v2/stop-call/{call_id}` stops an ongoing call, with 204.
 * - An accepted call that is not dialled within five minutes ends as `registered_call_timeout`.
 * - An agent ends a call after two hours at most, and rings for five minutes at most. With `enable_dnc_detection` it ends one in
 *   which the callee asked not to be called any more with the reason `user_requested_dnc`.
 * - Webhooks `call_started` (never for a call that was not connected), `call_ended`, `call_analyzed`. Each is sent up to
 *   three times more if 10 seconds bring no 2xx, and the next one does not wait for it.
 * - `X-Retell-Signature`: HMAC-SHA256 of body and milliseconds, keyed with the API key that has the webhook badge, valid
 *   for five minutes.
 *
 * Assumed, because nothing is documented:
 * - Retell has no idempotency key. A placement without an answer is looked up by `metadata` and never repeated.
 * - The list may lag, so a call that is not found may still ring.
 * - 404 with `Item … not found from …` (seen by many users) and 422 concern the account's number or agent. A refusal
 *   concerns the callee only if its text names `to_number`, a destination or a country. Everything else is `blocked`.
 * - `registered` covers the ringing as well. So a call that is cancelled because its window closes may ring already.
 * - `stop-call` also stops a call that is registered. It has the reason `manual_stopped` then, and no time of a start.
 * - 429 may have a `Retry-After`. An outbound call above the concurrency limit is refused with it.
 * - 408, 409 and 5xx prove nothing.
 * - A call with `concurrency_limit_reached`, `no_concurrency_fallback`, `no_valid_payment`, `scam_detected`, `marked_as_spam`
 *   or `telephony_provider_permission_denied` as `disconnection_reason` did not ring, because of the account. One with
 *   `registered_call_timeout` or `telephony_provider_unavailable` did not ring either. Both hold the campaign, and the attempt does
 *   not count.
 */
import { connectWithinMs } from '../../domain/engine/dial-budget.ts';
import { LOOK_UPS } from '../../domain/engine/time-limits.ts';
import type { CarrierOptions } from '../carrier.ts';
import { limitConcurrency, SlotTimeout } from '../concurrency-limit.ts';
import { openAgents } from '../http-agents.ts';
import { maskSecrets, type PlacementRequest, toDispatch } from '../http-request.ts';
import type { CallProvider } from '../port.ts';
import { sendBefore } from '../send-before.ts';
import { classifyPlacement } from './answer.ts';
import { parseRetell } from './event.ts';
import { type Ask, BATCH, cancelCall, lookUpCalls, lookUpRequests } from './look-up.ts';
import { freezeCall } from './request.ts';
import { callLifetimeMs, type RetellSettings } from './settings.ts';
import { verifyRetell } from './signature.ts';

/** A single call that is asked for by its id contains its transcript. */
const MAX_ANSWER_BYTES = 16 * 1_048_576;
/** Simultaneous look-ups. They must not use up the account's rate limit, which the dials need. */
const LOOK_UPS_AT_ONCE = 4;

export function createRetellProvider(
  settings: RetellSettings,
  { callerNumbers = [], now = Date.now }: CarrierOptions = {},
): CallProvider {
  const requestTimeoutMs = Math.round(settings.request_timeout_seconds * 1000);
  const waitMs = connectWithinMs(requestTimeoutMs);
  const { dials, lookUps, close } = openAgents({ waitMs, maxAnswerBytes: MAX_ANSWER_BYTES });
  const withSlot = limitConcurrency(LOOK_UPS_AT_ONCE, LOOK_UPS.answerWithinMs - requestTimeoutMs);
  const limits = { now, waitMs, timeoutMs: requestTimeoutMs };
  const authorization = `Bearer ${settings.api_key}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const root = new URL(settings.base_url);
  const pathOfRoot = root.pathname.replace(/\/+$/, '');

  const placement = (frozen: string): PlacementRequest => ({
    method: 'POST',
    url: `${root.origin}${pathOfRoot}/v2/create-phone-call`,
    headers,
    body: frozen,
  });
  const ask: Ask = (method, path, body) =>
    withSlot(() =>
      sendBefore(
        lookUps,
        {
          origin: root.origin,
          path: pathOfRoot + path,
          method,
          ...(body === undefined ? { headers: { authorization } } : { headers, body }),
        },
        { ...limits, sendBy: Number.POSITIVE_INFINITY },
      ),
    ).catch((error: unknown) => {
      // A look-up that fails is repeated for each of its calls, which would make the wait longer.
      if (error instanceof SlotTimeout) return { kind: 'unsent', code: 'no_slot_in_time' };
      throw error;
    });

  return {
    name: 'retell',
    facts: {
      keyTtlMs: 0,
      finds: 'by key',
      echoes: true,
      requestTimeoutMs,
      queueBoundMs: Math.round(settings.queue_bound_seconds * 1000),
      callLifetimeMs: callLifetimeMs(settings),
      callsPerLookUp: BATCH,
    },
    freeze: (call) => freezeCall(call, { ...settings, fromNumber: callerNumbers[0] }),
    async place(frozen, _key, sendBy) {
      return classifyPlacement(await sendBefore(dials, toDispatch(placement(frozen)), { ...limits, sendBy }), now());
    },
    preview: (frozen) => maskSecrets(placement(frozen), [settings.api_key]),
    lookUp: (calls) => lookUpCalls(ask, calls),
    lookUpRequests,
    cancel: (providerCallId) => cancelCall(ask, providerCallId),
    hangUp: (providerCallId) => cancelCall(ask, providerCallId),
    verify: (webhook) => verifyRetell(settings.webhook_keys ?? [settings.api_key], webhook),
    parse: ({ rawBody }) => parseRetell(rawBody, now()),
    close,
  };
}
