import { createHash } from 'node:crypto';
import { z } from 'zod';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { canonicalCallId } from '../../domain/engine/ids.ts';
import type { CallEvent } from '../port.ts';
import { Id, Instant } from '../fields.ts';
import { Reported } from './fields.ts';
import { outcomeOf } from './outcome.ts';
import { readJson } from '../http-answer.ts';

const MAX_BODY_BYTES = 1_048_576;

const KINDS: ReadonlyMap<string, CallEvent['kind']> = new Map([
  ['call.started', 'started'],
  ['call.joined', 'joined'],
  ['call.ended', 'ended'],
  ['call.completed', 'ended'],
  ['call.failed', 'ended'],
  ['call.billed', 'billed'],
]);

const Data = z.object({
  id: Id,
  eventId: Id,
  call_id: Id,
  callId: Id,
  ...Reported,
  call: z
    .object({ callId: Id, ...Reported })
    .optional()
    .catch(undefined),
});
const Webhook = z.object({
  event: z.string().min(1).max(100),
  id: Id,
  event_id: Id,
  timestamp: Instant,
  data: Data.optional().catch(undefined),
});
type Webhook = z.infer<typeof Webhook>;

/**
 * Reads one webhook. It reads only the fields that it uses, each in all places where Truedy is known to put it. An
 * event that does not concern calls is returned as `ignored`.
 *
 * @param now the time of an event that contains none
 * @throws RingfenceError `bad_request` if the body is not a JSON object with an event name
 */
export function parseTruedy(rawBody: Buffer, now: number): CallEvent[] {
  if (rawBody.length > MAX_BODY_BYTES) {
    throw new RingfenceError('bad_request', 'The event is larger than 1 MiB.', { field: 'body' });
  }
  const parsed = Webhook.safeParse(readJson(rawBody));
  if (!parsed.success) {
    throw new RingfenceError('bad_request', 'The body must be a JSON object with "event", "timestamp" and "data".', {
      field: 'body',
    });
  }
  const { event, data, timestamp } = parsed.data;
  const kind = KINDS.get(event) ?? 'ignored';
  const providerCallId = data?.call?.callId ?? data?.call_id ?? data?.callId ?? null;
  const end = kind === 'ended' ? howItEnded(event, data) : { outcome: null, asSent: null };
  return [
    {
      eventId: eventIdOf(parsed.data, kind, providerCallId, rawBody),
      kind,
      callId: ourCallId(data),
      providerCallId,
      outcome: end.outcome,
      outcomeAsSent: end.asSent,
      occurredAt: timestamp ?? now,
    },
  ];
}

function howItEnded(event: string, data: Webhook['data']) {
  const call = data?.call;
  const words = [
    data?.outcome,
    call?.outcome,
    call?.endReason,
    call?.end_reason,
    data?.endReason,
    data?.end_reason,
    data?.status,
    call?.status,
  ];
  const joined = data?.joined ?? data?.joined_at ?? call?.joined ?? call?.joined_at;
  if (event !== 'call.failed') return outcomeOf(words, joined, joined === false ? 'failed' : 'completed');
  const { outcome, asSent } = outcomeOf(words, joined, 'failed');
  return { outcome: outcome === 'completed' ? 'failed' : outcome, asSent } as const;
}

function ourCallId(data: Webhook['data']): string | null {
  const echoed = data?.variables?.ringfence_call_id ?? data?.call?.variables?.ringfence_call_id;
  return echoed === undefined ? null : canonicalCallId(echoed);
}

/**
 * The id by which a repeated delivery is recognised. `data.id` may be the call's own id, which is the same in all
 * events of a call. So the event's name is added to it: the end of a call must never pass for a repetition of its
 * start.
 */
function eventIdOf(
  { id, event_id, event, data }: Webhook,
  kind: CallEvent['kind'],
  providerCallId: string | null,
  rawBody: Buffer,
): string {
  const own = id ?? event_id ?? data?.eventId;
  if (own !== undefined) return own;
  const name = event === 'call.completed' ? 'call.ended' : event;
  const base = data?.id ?? providerCallId;
  if (base !== null && base !== undefined && kind !== 'ignored') return `${base}:${name}`;
  return `${name}:${createHash('sha256').update(rawBody).digest('hex')}`;
}
