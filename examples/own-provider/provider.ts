/**
 * Your own provider, for a fictitious voice-call API:
 *
 *     POST /dials     {"to", "agent", "reference", "max_seconds"}, Idempotency-Key   201 {"id"}
 *     GET /dials/ID   {"id", "state": "ringing" | "talking" | "over", "result", "over_at"}
 *     webhook         {"event": "answered" | "over", "dial", "reference", "result", "at"}, X-Signature: SECONDS.HEX
 *
 * The same key brings back the first dial for an hour. Instants are milliseconds since the epoch.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Agent } from 'undici';
import { z } from 'zod';
import {
  type CallProvider,
  type CallRef,
  type SendResult,
  type LookUpResult,
  maskSecrets,
  type Outcome,
  type PlacementRequest,
  type PlaceResult,
  RingfenceError,
  sendBefore,
  toDispatch,
} from '../../worker/index.ts';

export interface ExampleConfig {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly webhookSecret: string;
  /** How long a request may take, in milliseconds. */
  readonly requestTimeoutMs?: number;
}

const MAX_SECONDS = 1_800;
const RINGS_FOR_MS = 60_000;
const KEY_TTL_MS = 3_600_000;
const SIGNATURE_AGE_MS = 300_000;

/** Their words for how a call ended; a new one of theirs is a failed call until it is added here. */
const OUTCOMES: Readonly<Record<string, Outcome>> = {
  talked: 'completed',
  unanswered: 'no_answer',
  engaged: 'busy',
  machine: 'voicemail',
  refused: 'declined',
  unallocated: 'invalid_number',
};
const outcomeOf = (result: string | undefined): Outcome => OUTCOMES[result ?? ''] ?? 'failed';

const Accepted = z.object({ id: z.string().min(1) });
const Dial = z.object({
  id: z.string().min(1),
  state: z.enum(['ringing', 'talking', 'over']),
  result: z.string().optional(),
  over_at: z.number().optional(),
});
const Webhook = z.object({
  event: z.enum(['answered', 'over']),
  dial: z.string().min(1).max(190),
  reference: z.string().min(1),
  result: z.string().optional(),
  // Whole milliseconds, as all instants here.
  at: z.number().transform(Math.round),
});

export function createExampleProvider({
  baseUrl,
  apiKey,
  webhookSecret,
  requestTimeoutMs = 10_000,
}: ExampleConfig): CallProvider {
  // One request at a time on a connection: what is pipelined behind a broken one would be sent again.
  const agent = new Agent({ pipelining: 1, allowH2: false });
  const limits = { now: Date.now, waitMs: requestTimeoutMs / 2, timeoutMs: requestTimeoutMs };
  const authorization = `Bearer ${apiKey}`;

  const ask = async ({ providerCallId }: CallRef): Promise<LookUpResult> => {
    if (providerCallId === null) return { kind: 'unknown', reason: 'no_id' };
    const path = `/dials/${encodeURIComponent(providerCallId)}`;
    const request = { origin: baseUrl, path, method: 'GET', headers: { authorization } } as const;
    const answer = await sendBefore(agent, request, { ...limits, sendBy: Number.POSITIVE_INFINITY });
    const dial = answer.kind === 'answered' && answer.status === 200 ? Dial.safeParse(json(answer.body)).data : null;
    if (!dial) return { kind: 'unknown', reason: 'not_told' };
    if (dial.state !== 'over') return { kind: 'live', providerCallId };
    return {
      kind: 'ended',
      providerCallId,
      outcome: outcomeOf(dial.result),
      endedAt: dial.over_at === undefined ? null : Math.round(dial.over_at),
    };
  };

  const dialRequest = (frozen: string, key: string): PlacementRequest => ({
    method: 'POST',
    url: `${baseUrl}/dials`,
    headers: { authorization, 'content-type': 'application/json', 'idempotency-key': key },
    body: frozen,
  });

  return {
    name: 'example',
    facts: {
      keyTtlMs: KEY_TTL_MS,
      finds: 'by id',
      echoes: true,
      requestTimeoutMs,
      queueBoundMs: 0,
      callLifetimeMs: RINGS_FOR_MS + MAX_SECONDS * 1000,
    },

    freeze({ callId, phoneNumber, agentId }) {
      if (!/^\+[1-9]\d{6,14}$/.test(phoneNumber)) {
        const message = 'phone_number is not one E.164 number: give it as + and country code, digits only.';
        throw new RingfenceError('validation_error', message, { field: 'phone_number' });
      }
      return JSON.stringify({ to: phoneNumber, agent: agentId, reference: callId, max_seconds: MAX_SECONDS });
    },

    async place(frozen, key, sendBy) {
      const request = toDispatch(dialRequest(frozen, key));
      return whatIsProved(await sendBefore(agent, request, { ...limits, sendBy }));
    },

    preview: (frozen, key) => maskSecrets(dialRequest(frozen, key), [apiKey]),

    lookUp: (calls) => Promise.all(calls.map(ask)),

    verify({ rawBody, headers, now }) {
      const [, seconds = '', given = ''] = /^(\d{1,12})\.([0-9a-f]{64})$/.exec(String(headers['x-signature'])) ?? [];
      const expected = createHmac('sha256', webhookSecret).update(`${seconds}.`).update(rawBody).digest();
      if (given === '' || !timingSafeEqual(expected, Buffer.from(given, 'hex'))) {
        throw new RingfenceError('invalid_signature', 'X-Signature does not fit this body: compare the secrets.');
      }
      if (Math.abs(now - Number(seconds) * 1000) > SIGNATURE_AGE_MS) {
        throw new RingfenceError('stale_signature', 'X-Signature is more than five minutes old: sign again.');
      }
    },

    parse({ rawBody }) {
      const read = Webhook.safeParse(json(rawBody));
      if (!read.success) throw new RingfenceError('bad_request', 'The body is not an event of a dial.');
      const { event, dial, reference, result, at } = read.data;
      const over = event === 'over';
      return [
        {
          eventId: `${dial}.${event}`,
          kind: over ? 'ended' : 'joined',
          callId: reference,
          providerCallId: dial,
          outcome: over ? outcomeOf(result) : null,
          outcomeAsSent: over ? (result ?? null) : null,
          occurredAt: at,
        },
      ];
    },

    close: () => agent.close(),
  };
}

/** Only an answer that says so proves that nothing was placed; whatever is odd counts as unknown. */
function whatIsProved(result: SendResult): PlaceResult {
  if (result.kind === 'unsent') return { kind: 'unavailable', reason: result.code };
  if (result.kind === 'expired') return { kind: 'expired' };
  if (result.kind === 'lost') return { kind: 'unknown', reason: result.code };
  const { status, headers, body } = result;
  switch (status) {
    case 200:
    case 201: {
      const dial = Accepted.safeParse(json(body)).data;
      return dial ? { kind: 'accepted', providerCallId: dial.id } : { kind: 'unknown', reason: 'unexpected_answer' };
    }
    case 400:
      return { kind: 'rejected', reason: 'invalid_number' };
    case 401:
    case 402:
    case 403:
    case 404:
      return { kind: 'blocked', reason: `http_${status}` };
    case 429: {
      const seconds = Number(headers['retry-after']);
      return { kind: 'throttled', retryAfterMs: Number.isFinite(seconds) ? Math.ceil(seconds * 1000) : null };
    }
    default:
      return { kind: 'unknown', reason: `http_${status}` };
  }
}

function json(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
