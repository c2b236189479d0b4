import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CallEvent } from '../../../domain/dialling/provider-messages.ts';
import { RingfenceError } from '../../../domain/engine/errors.ts';
import { callId } from '../../../domain/engine/ids.ts';
import type { Outcome } from '../../../domain/engine/outcome.ts';
import { parseRetell } from '../../../providers/retell/event.ts';

const NOW = Date.UTC(2026, 2, 2, 12, 0, 0);
const OURS = callId({ campaignId: '00000000-0000-4000-8000-000000000001', seq: 7, attempt: 2 });

function parse(body: unknown): CallEvent {
  const events = parseRetell(Buffer.from(JSON.stringify(body)), NOW);
  expect(events).toHaveLength(1);
  return events[0]!;
}

/** As a webhook looks, with the fields that the adapter does not read. */
function webhook(event: string, call: object = {}) {
  return {
    event,
    call: {
      call_type: 'phone_call',
      direction: 'outbound',
      call_id: 'call_1',
      agent_id: 'agent_1',
      from_number: '+14155550100',
      to_number: '+14155550123',
      metadata: { ringfence_call_id: OURS },
      transcript: 'Agent: Hello.',
      ...call,
    },
    event_timestamp: NOW - 1_000,
  };
}

describe('reading an event of Retell', () => {
  test('the end of a call', () => {
    const call = { call_status: 'ended', disconnection_reason: 'user_hangup', end_timestamp: NOW - 2_000 };
    expect(parse(webhook('call_ended', call))).toEqual({
      eventId: 'call_1:call_ended',
      kind: 'ended',
      callId: OURS,
      providerCallId: 'call_1',
      outcome: 'completed',
      outcomeAsSent: 'user_hangup',
      occurredAt: NOW - 2_000,
    });
  });

  test('a fault of the account excuses no call that was answered', () => {
    const fault = { disconnection_reason: 'no_valid_payment' };
    const refused = { ...fault, call_status: 'error' };
    const answered = { ...fault, call_status: 'ended', start_timestamp: NOW - 60_000, end_timestamp: NOW - 2_000 };
    expect(parse(webhook('call_ended', refused))).toMatchObject({ accountFault: 'blocked:no_valid_payment' });
    expect(parse(webhook('call_ended', answered))).toMatchObject({ outcome: 'failed' });
    expect(parse(webhook('call_ended', answered))).not.toHaveProperty('accountFault');
  });

  test('a call that was never connected has no times, so the time of the event counts', () => {
    const call = { call_status: 'not_connected', disconnection_reason: 'dial_no_answer' };
    expect(parse(webhook('call_ended', call))).toMatchObject({ outcome: 'no_answer', occurredAt: NOW - 1_000 });
    expect(parse({ ...webhook('call_ended', call), event_timestamp: 'now' })).toMatchObject({ occurredAt: NOW });
  });

  test.each<[string, CallEvent['kind']]>([
    ['call_started', 'joined'],
    ['call_ended', 'ended'],
    ['call_analyzed', 'ignored'],
    ['transcript_updated', 'ignored'],
    ['transfer_bridged', 'ignored'],
    ['chat_ended', 'ignored'],
    ['something_new', 'ignored'],
    ['constructor', 'ignored'],
  ])('%s is %s', (event, kind) => {
    const read = parse(webhook(event, { call_status: 'ended' }));
    expect([read.kind, read.outcome === null]).toEqual([kind, kind !== 'ended']);
  });

  test.each([{ direction: 'inbound' }, { call_type: 'web_call' }])(
    'other calls of the agent are ignored: %j',
    (other) => {
      expect(parse(webhook('call_ended', other)).kind).toBe('ignored');
    },
  );

  test.each<[string, string, Outcome]>([
    ['ended', 'user_hangup', 'completed'],
    ['ended', 'agent_hangup', 'completed'],
    ['ended', 'call_transfer', 'completed'],
    ['ended', 'inactivity', 'completed'],
    ['ended', 'max_duration_reached', 'completed'],
    ['ended', 'ivr_reached', 'completed'],
    ['ended', 'user_requested_dnc', 'completed'],
    ['ended', 'user_requested_callback', 'completed'],
    ['ended', 'manual_stopped', 'completed'],
    ['ended', 'voicemail_reached', 'voicemail'],
    ['not_connected', 'manual_stopped', 'cancelled'],
    ['not_connected', 'dial_no_answer', 'no_answer'],
    ['not_connected', 'dial_busy', 'busy'],
    ['not_connected', 'dial_failed', 'failed'],
    ['not_connected', 'user_declined', 'declined'],
    ['not_connected', 'invalid_destination', 'invalid_number'],
    ['not_connected', 'telephony_provider_permission_denied', 'failed'],
    ['error', 'concurrency_limit_reached', 'failed'],
    ['error', 'no_valid_payment', 'failed'],
    ['error', 'scam_detected', 'failed'],
    ['error', 'registered_call_timeout', 'failed'],
    ['ended', 'a_new_word', 'failed'],
    ['ended', 'toString', 'failed'],
  ])('%s, %s: %s, and the word is kept', (call_status, disconnection_reason, outcome) => {
    const started = call_status === 'ended' ? { start_timestamp: NOW - 60_000 } : {};
    const read = parse(webhook('call_ended', { call_status, disconnection_reason, ...started }));
    expect([read.outcome, read.outcomeAsSent]).toEqual([outcome, disconnection_reason]);
  });

  test.each<[string, string | undefined]>([
    ['concurrency_limit_reached', 'throttled:concurrency_limit_reached'],
    ['no_concurrency_fallback', 'throttled:no_concurrency_fallback'],
    ['no_valid_payment', 'blocked:no_valid_payment'],
    ['telephony_provider_permission_denied', 'blocked:telephony_provider_permission_denied'],
    ['scam_detected', 'blocked:scam_detected'],
    ['marked_as_spam', 'blocked:marked_as_spam'],
    ['registered_call_timeout', 'throttled:registered_call_timeout'],
    ['telephony_provider_unavailable', 'throttled:telephony_provider_unavailable'],
    ['sip_routing_error', undefined],
    ['dial_failed', undefined],
    ['user_declined', undefined],
    ['user_hangup', undefined],
  ])('%s, as a fault of the account: %s', (disconnection_reason, fault) => {
    expect(parse(webhook('call_ended', { disconnection_reason })).accountFault).toBe(fault);
  });

  test.each<[string | undefined, Outcome]>([
    ['ended', 'completed'],
    ['not_connected', 'failed'],
    ['error', 'failed'],
    [undefined, 'failed'],
  ])('without a reason the status counts: %s is %s', (call_status, outcome) => {
    const read = parse(webhook('call_ended', { call_status }));
    expect([read.outcome, read.outcomeAsSent]).toEqual([outcome, call_status ?? null]);
  });

  test.each([undefined, null, 'text', { ringfence_call_id: 17 }, { ringfence_call_id: 'not ours' }])(
    'metadata %j names no call of ours',
    (metadata) => {
      expect(parse(webhook('call_ended', { metadata }))).toMatchObject({ callId: null, providerCallId: 'call_1' });
    },
  );

  test('each event of a call has another id, and a repetition has the same', () => {
    const bodies = ['call_started', 'call_ended', 'call_analyzed'].map((event) => webhook(event));
    const ids = bodies.map((body) => parse(body).eventId);
    expect(new Set(ids).size).toBe(3);
    expect(bodies.map((body) => parse(body).eventId)).toEqual(ids);
  });

  test.each([
    '',
    'nope',
    '[]',
    '{}',
    '{"event":""}',
    '{"event":1}',
    '{"event":"call_ended"}',
    '{"event":"call_started","call":[]}',
  ])('refuses %j', (text) => {
    expect(() => parseRetell(Buffer.from(text), NOW)).toThrow(RingfenceError);
  });

  test('reads any JSON object with an event name so that it can be taken in', () => {
    const call = fc.dictionary(
      fc.constantFrom('call_id', 'call_status', 'disconnection_reason', 'end_timestamp', 'metadata', 'direction'),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(fc.constantFrom('call_started', 'call_ended'), fc.option(call), fc.jsonValue(), (event, of, at) => {
        const body = { event, call: of, event_timestamp: at };
        for (const read of readOrRefused(Buffer.from(JSON.stringify(body)))) {
          if (read.kind !== 'ignored') expect(CallEvent.parse(read)).toEqual(read);
        }
      }),
    );
  });
});

/** A body that describes no call is refused, and every other one is read. */
function readOrRefused(body: Buffer): CallEvent[] {
  try {
    return parseRetell(body, NOW);
  } catch (error) {
    expect(error).toMatchObject({ code: 'bad_request' });
    return [];
  }
}
