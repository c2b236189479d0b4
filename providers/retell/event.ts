import { createHash } from 'node:crypto';
import { z } from 'zod';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { readJson } from '../http-answer.ts';
import { Instant } from '../fields.ts';
import type { CallEvent } from '../port.ts';
import { ourCallId, RetellCall } from './call.ts';
import { outcomeOf } from './outcome.ts';

/**
 * `call_started` is sent only for a call that was connected. `call_analyzed` repeats the call after its end and is ignored,
 * like the events of transcripts, transfers and chats.
 */
const KINDS: ReadonlyMap<string, CallEvent['kind']> = new Map([
  ['call_started', 'joined'],
  ['call_ended', 'ended'],
]);

const Webhook = z.object({
  event: z.string().min(1).max(100),
  event_timestamp: Instant,
  call: RetellCall.optional().catch(undefined),
});

/**
 * Reads one webhook. Events about inbound calls and web calls, which the same agent may have, are ignored.
 *
 * @param now the time of an event that contains none
 * @throws RingfenceError `bad_request` if the body is not a JSON object with an event name, or its event concerns a call that it does
 *   not describe
 */
export function parseRetell(rawBody: Buffer, now: number): CallEvent[] {
  const parsed = Webhook.safeParse(readJson(rawBody));
  if (!parsed.success) {
    throw new RingfenceError('bad_request', 'The body must be a JSON object with "event" and "call".', {
      field: 'body',
    });
  }
  const { event, event_timestamp, call } = parsed.data;
  // Not ignored: the end of a call would be lost without a trace.
  if (KINDS.has(event) && call === undefined) {
    throw new RingfenceError('bad_request', 'The event concerns a call, and the body must describe it as "call".', {
      field: 'body',
    });
  }
  const kind = call !== undefined && isOutboundPhoneCall(call) ? (KINDS.get(event) ?? 'ignored') : 'ignored';
  const providerCallId = call?.call_id ?? null;
  const { asSent, ...end } = kind === 'ended' && call !== undefined ? outcomeOf(call) : { outcome: null, asSent: null };
  const at = kind === 'ended' ? call?.end_timestamp : call?.start_timestamp;
  return [
    {
      // Events have no id, and each is sent once per call. Its repetitions have the same bytes.
      eventId:
        providerCallId === null || kind === 'ignored'
          ? `${event}:${createHash('sha256').update(rawBody).digest('hex')}`
          : `${providerCallId}:${event}`,
      kind,
      callId: call === undefined ? null : ourCallId(call),
      providerCallId,
      ...end,
      outcomeAsSent: asSent,
      occurredAt: at ?? event_timestamp ?? now,
    },
  ];
}

/** A missing field counts as outbound: an end must not be lost because Retell left a field out. */
function isOutboundPhoneCall({ call_type, direction }: RetellCall): boolean {
  return (call_type ?? 'phone_call') === 'phone_call' && (direction ?? 'outbound') === 'outbound';
}
