/**
 * Twilio's Calls API.
 *
 * Documented (https://www.twilio.com/docs/voice/api/call-resource and the pages named):
 * - A call is created by a form. `StatusCallbackEvent` is given once per event. With `ApplicationSid` the status callback
 *   is ignored. `Timeout` is at most 600 seconds and may take 5 more. `SendDigits` switches machine detection off.
 * - Accepted is not dialled: calls beyond the account's calls per second (1 by default) wait in a queue of up to a day.
 * - 429 with code 20429: the request was not processed (https://www.twilio.com/docs/api/errors/20429). 10004: too many
 *   concurrent calls.
 * - Webhooks are signed by HMAC-SHA1 over URL and form; the signature has no time
 *   (https://www.twilio.com/docs/usage/webhooks/webhooks-security). With `#rc` and `rp` a failed one is tried again, for
 *   15 seconds in all (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
 * - The list of calls has pages of up to 1,000 and no filter for several SIDs. `Status=canceled` ends a call that is queued or
 *   rings, and leaves one that was answered alone; `Status=completed` ends one that was answered, too (https://www.twilio.com/docs/voice/api/call-resource).
 * - The events of a call, 15 minutes after its end, contain the URL of its status callback
 *   (https://www.twilio.com/docs/voice/api/call-event-resource).
 *
 * Assumed, because nothing is documented:
 * - No key is honoured: a repeated request is a second call. A call of unknown outcome is never sent again.
 * - No list is complete at once: a call that is not found may have been placed.
 * - The list begins with the newest calls. Nothing depends on it: a call that a page does not contain is asked for by its SID.
 * - `queued` says that a call is not dialled yet, and every other status that it was.
 * - A webhook may be signed with or without its port, with or without `#rc`, and with the characters of its URL escaped or not:
 *   each is accepted.
 * - The codes of an invalid number (13223, 13224, 13226, 21211, 21214, 21217), of a number that Twilio blocks (13225, 21216)
 *   and of a country without permission (13227, 21215) come as the answer to a placement, or with the end of a call.
 *   A code of a refusal that is not known here is taken for the account's. 21216 also means an account without a customer profile
 *   (https://www.twilio.com/docs/errors/21216).
 * - `SipResponseCode` and `ErrorCode` come with the last callback of a call that failed. The SIP codes 404, 410, 484 and 604
 *   mean that the number does not exist, as RFC 3261 and RFC 3398 define them. The call itself, as a look-up reads it, has
 *   no such codes: a look-up reports `failed`.
 * - `TimeLimit` counts from the answer, machine detection included.
 * - `I-Twilio-Idempotency-Token` is the same in repetitions of one webhook.
 *
 * Twilio has no status for a call that the callee declined. Webhooks that are signed with a shared key (HMAC-SHA256) are
 * refused.
 */
import { connectWithinMs } from '../../domain/engine/dial-budget.ts';
import { LOOK_UPS } from '../../domain/engine/time-limits.ts';
import type { CarrierOptions } from '../carrier.ts';
import { openAgents } from '../http-agents.ts';
import { maskSecrets, type PlacementRequest, toDispatch } from '../http-request.ts';
import type { CallProvider, CallRef, LookUpResult } from '../port.ts';
import { sendBefore } from '../send-before.ts';
import { limitConcurrency, SlotTimeout } from '../concurrency-limit.ts';
import { classifyPlacement } from './answer.ts';
import { blockedNumbers } from './blocked-numbers.ts';
import { parseTwilio } from './event.ts';
import { endCall, lookUpById, lookUpByNumbers, lookUpInList, REQUESTS_BY_NUMBERS } from './look-up.ts';
import { freezeCall } from './request.ts';
import type { TwilioSettings } from './settings.ts';
import { verifyTwilio } from './signature.ts';

/** Several times a page of a thousand calls. */
const MAX_ANSWER_BYTES = 8 * 1_048_576;
/** Simultaneous look-ups. They share the API's rate limits with the dials. Others wait here. */
const LOOK_UPS_AT_ONCE = 8;
/** Calls from which on one request for a long list is better than one for each. */
const LIST_FROM = 5;
/** Most of them are on the list's one page. */
const CALLS_PER_LOOK_UP = 100;
/** Twilio may ring this much longer than `Timeout` says. */
const TIMEOUT_BUFFER_S = 5;

const FORM = 'application/x-www-form-urlencoded';

/** A look-up that fails is repeated for each of its calls, which would make the wait longer. */
function tooLate(error: unknown): LookUpResult {
  if (error instanceof SlotTimeout) return { kind: 'unknown', reason: 'no_slot_in_time' };
  throw error;
}

function sidsOf(calls: readonly CallRef[]): string[] {
  return calls.flatMap(({ providerCallId }) => (providerCallId === null ? [] : [providerCallId]));
}

export function createTwilioProvider(
  settings: TwilioSettings,
  { webhookUrl, callerNumbers = [], now = Date.now }: CarrierOptions = {},
): CallProvider {
  const { account_sid: accountSid, auth_token: authToken, secondary_auth_token: secondary } = settings;
  const account = `${settings.base_url}/2010-04-01/Accounts/${accountSid}`;
  const requestTimeoutMs = Math.round(settings.request_timeout_seconds * 1000);
  const waitMs = connectWithinMs(requestTimeoutMs);
  const { dials, lookUps, close } = openAgents({ waitMs, maxAnswerBytes: MAX_ANSWER_BYTES });
  const withSlot = limitConcurrency(LOOK_UPS_AT_ONCE, LOOK_UPS.answerWithinMs);
  const credentials = Buffer.from(`${accountSid}:${authToken}`).toString('base64');
  const authorization = `Basic ${credentials}`;
  const limits = { now, waitMs, timeoutMs: requestTimeoutMs };
  const terms = { settings, webhookUrl, callerNumber: callerNumbers[0] };

  const tellBlockedApart = blockedNumbers();

  const placement = (frozen: string): PlacementRequest => ({
    method: 'POST',
    url: `${account}/Calls.json`,
    headers: { authorization, 'content-type': FORM },
    body: frozen,
  });
  const send = (method: 'GET' | 'POST', path: string, form?: string) => {
    const { origin, pathname, search } = new URL(account + path);
    const headers = form === undefined ? { authorization } : { authorization, 'content-type': FORM };
    const request = { origin, path: pathname + search, method, headers, ...(form === undefined ? {} : { body: form }) };
    return sendBefore(lookUps, request, { ...limits, sendBy: Number.POSITIVE_INFINITY });
  };
  const get = (path: string) => send('GET', path);
  const post = (path: string, form: string) => send('POST', path, form);
  const lookUpOne = (call: CallRef): Promise<LookUpResult> =>
    withSlot(() =>
      call.providerCallId === null ? lookUpByNumbers(get, call) : lookUpById(get, call.providerCallId),
    ).catch(tooLate);

  return {
    name: 'twilio',
    facts: {
      keyTtlMs: 0,
      finds: 'by id',
      echoes: true,
      requestTimeoutMs,
      queueBoundMs: settings.queue_bound_seconds * 1000,
      callLifetimeMs: (settings.ring_seconds + TIMEOUT_BUFFER_S + settings.max_duration_seconds) * 1000,
      callsPerLookUp: CALLS_PER_LOOK_UP,
    },

    freeze: (call) => freezeCall(call, terms),

    async place(frozen, _key, sendBy) {
      const result = await sendBefore(dials, toDispatch(placement(frozen)), { ...limits, sendBy });
      return tellBlockedApart(classifyPlacement(result, now()), new URLSearchParams(frozen).get('To') ?? '');
    },

    preview: (frozen) => maskSecrets(placement(frozen), [credentials, authToken]),

    async lookUp(calls) {
      const sids = sidsOf(calls);
      if (sids.length < LIST_FROM) return Promise.all(calls.map(lookUpOne));
      const listed = withSlot(() => lookUpInList(get, sids));
      return Promise.all(
        calls.map(async (call) => {
          const { providerCallId } = call;
          return providerCallId === null ? lookUpOne(call) : listed.then((known) => known(providerCallId), tooLate);
        }),
      );
    },

    lookUpRequests(calls) {
      const named = sidsOf(calls).length;
      return (named < LIST_FROM ? named : 1) + (calls.length - named) * REQUESTS_BY_NUMBERS;
    },

    cancel: (providerCallId) => withSlot(() => endCall('canceled', post, get, providerCallId)).catch(tooLate),

    hangUp: (providerCallId) => withSlot(() => endCall('completed', post, get, providerCallId)).catch(tooLate),

    verify: (webhook) => verifyTwilio([authToken, ...(secondary === undefined ? [] : [secondary])], webhook),

    parse: (webhook) => parseTwilio(webhook),

    close,
  };
}
