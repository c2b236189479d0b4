import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { callId } from '../../../domain/engine/ids.ts';
import { CallEvent } from '../../../domain/dialling/provider-messages.ts';
import { RingfenceError } from '../../../domain/engine/errors.ts';
import { parseTwilio } from '../../../providers/twilio/event.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const OURS = callId({ campaignId: '00000000-0000-4000-8000-000000000001', seq: 7, attempt: 2 });
const SID = `CA${'a1'.repeat(16)}`;
const WEBHOOK = `https://h.example/webhooks/clinic?ringfence_call_id=${OURS}`;

interface Arrival {
  readonly url?: string | null;
  readonly token?: string | string[];
}

function parse(form: Record<string, string> | string, { url = WEBHOOK, token }: Arrival = {}): CallEvent {
  const body = typeof form === 'string' ? form : new URLSearchParams({ CallSid: SID, ...form }).toString();
  const headers = token === undefined ? {} : { 'i-twilio-idempotency-token': token };
  const events = parseTwilio({ rawBody: Buffer.from(body), headers, url, now: NOW });
  expect(events).toHaveLength(1);
  expect(events.map((event) => CallEvent.parse(event))).toEqual(events);
  return events[0]!;
}

describe('reading a status callback', () => {
  test('everything in its usual place', () => {
    const form = {
      CallStatus: 'completed',
      AnsweredBy: 'human',
      SequenceNumber: '3',
      Timestamp: 'Wed, 18 Mar 2026 11:59:00 +0000',
    };
    expect(parse(form)).toEqual({
      eventId: `${SID}:completed:3`,
      kind: 'ended',
      callId: OURS,
      providerCallId: SID,
      outcome: 'completed',
      outcomeAsSent: 'completed, human',
      occurredAt: NOW - 60_000,
    });
  });

  test.each<[string, CallEvent['kind']]>([
    ['initiated', 'started'],
    ['ringing', 'started'],
    ['in-progress', 'joined'],
    ['completed', 'ended'],
    ['busy', 'ended'],
    ['no-answer', 'ended'],
    ['canceled', 'ended'],
    ['failed', 'ended'],
    ['queued', 'ignored'],
    ['teleported', 'ignored'],
  ])('%s is %s', (status, kind) => {
    expect(parse({ CallStatus: status }).kind).toBe(kind);
  });

  test.each<[Record<string, string>, CallEvent['outcome'], string]>([
    [{ CallStatus: 'completed' }, 'completed', 'completed'],
    [{ CallStatus: 'completed', AnsweredBy: 'unknown' }, 'completed', 'completed, unknown'],
    [{ CallStatus: 'completed', AnsweredBy: 'machine_start' }, 'voicemail', 'completed, machine_start'],
    [{ CallStatus: 'completed', AnsweredBy: 'machine_end_other' }, 'voicemail', 'completed, machine_end_other'],
    [{ CallStatus: 'completed', AnsweredBy: 'fax' }, 'voicemail', 'completed, fax'],
    [{ CallStatus: 'busy', AnsweredBy: 'machine_start' }, 'busy', 'busy'],
    [{ CallStatus: 'no-answer', SipResponseCode: '480' }, 'no_answer', 'no-answer'],
    [{ CallStatus: 'canceled' }, 'cancelled', 'canceled'],
    [{ CallStatus: 'failed' }, 'failed', 'failed'],
    [{ CallStatus: 'failed', SipResponseCode: '404' }, 'invalid_number', 'failed, SipResponseCode 404'],
    [{ CallStatus: 'failed', SipResponseCode: '410' }, 'invalid_number', 'failed, SipResponseCode 410'],
    [{ CallStatus: 'failed', SipResponseCode: '484' }, 'invalid_number', 'failed, SipResponseCode 484'],
    [{ CallStatus: 'failed', SipResponseCode: '604' }, 'invalid_number', 'failed, SipResponseCode 604'],
    [{ CallStatus: 'failed', SipResponseCode: '503' }, 'failed', 'failed, SipResponseCode 503'],
    [{ CallStatus: 'failed', SipResponseCode: '4040' }, 'failed', 'failed, SipResponseCode 4040'],
    [{ CallStatus: 'failed', ErrorCode: '13224' }, 'invalid_number', 'failed, ErrorCode 13224'],
    [{ CallStatus: 'failed', ErrorCode: '13223' }, 'invalid_number', 'failed, ErrorCode 13223'],
    [{ CallStatus: 'failed', ErrorCode: '21211' }, 'invalid_number', 'failed, ErrorCode 21211'],
    [{ CallStatus: 'failed', ErrorCode: '21215' }, 'failed', 'failed, ErrorCode 21215'],
    [{ CallStatus: 'failed', ErrorCode: 'odd' }, 'failed', 'failed, ErrorCode odd'],
    [{ CallStatus: 'no-answer', SipResponseCode: '404' }, 'no_answer', 'no-answer'],
    [{ CallStatus: 'completed', SipResponseCode: '404' }, 'completed', 'completed'],
  ])('%o ends as %s', (form, outcome, asSent) => {
    const event = parse(form);
    expect([event.outcome, event.outcomeAsSent]).toEqual([outcome, asSent]);
  });

  test.each<[Record<string, string>, string | undefined]>([
    [{ CallStatus: 'failed', ErrorCode: '20003' }, 'blocked:unauthorized'],
    [{ CallStatus: 'failed', ErrorCode: '13227' }, 'blocked:country_not_permitted'],
    [{ CallStatus: 'failed', ErrorCode: '13225' }, undefined],
    [{ CallStatus: 'failed', ErrorCode: '10004' }, 'throttled:concurrency_limit'],
    [{ CallStatus: 'failed', ErrorCode: '21211' }, undefined],
    [{ CallStatus: 'failed', ErrorCode: '99999' }, undefined],
    [{ CallStatus: 'failed', SipResponseCode: '403' }, undefined],
    [{ CallStatus: 'failed', ErrorCode: '13227', SipResponseCode: '404' }, undefined],
    [{ CallStatus: 'completed', ErrorCode: '20003' }, undefined],
  ])('%o, as a fault of the account: %s', (form, fault) => {
    expect(parse(form).accountFault).toBe(fault);
  });

  test.each<[string, string | null, string | null]>([
    ['ours', WEBHOOK, OURS],
    [
      'ours in capitals',
      WEBHOOK.toUpperCase().replace('HTTPS', 'https').replace('RINGFENCE_CALL_ID', 'ringfence_call_id'),
      OURS,
    ],
    ['somebody else’s', 'https://h.example/w?ringfence_call_id=42', null],
    ['missing', 'https://h.example/w', null],
    ['without a public URL', null, null],
  ])('the call id in the query: %s', (_, url, expected) => {
    expect(parse({ CallStatus: 'busy' }, { url }).callId).toBe(expected);
  });

  test.each(['', 'yesterday', '2026-03-18', 'Wed, 18 Mar 2026 12:00:00.5 +0000', 'Wed, 99 Mar 2026 12:00:00 +0000'])(
    'an event of the time "%s" happened now',
    (Timestamp) => expect(parse({ CallStatus: 'busy', Timestamp }).occurredAt).toBe(NOW),
  );
});

test('a call may have a SID like those in the documentation', () => {
  expect(parse('CallSid=CA1234567890ABCDE&CallStatus=busy').providerCallId).toBe('CA1234567890ABCDE');
});

describe('the id of an event', () => {
  test('is the same for every delivery, and another one for every status and number', () => {
    const form = { CallStatus: 'busy', SequenceNumber: '2' };
    const id = (more: Record<string, string>, arrival: Arrival = {}) => parse({ ...form, ...more }, arrival).eventId;
    expect(id({}, { token: 't-1' })).toBe(id({}, { token: 't-1' }));
    const different = [
      id({}),
      id({ SequenceNumber: '3' }),
      id({ CallStatus: 'completed' }),
      id({ CallSid: `CA${'b2'.repeat(16)}` }),
      id({}, { token: 't-1' }),
      id({}, { token: 't-2' }),
    ];
    expect(new Set(different).size).toBe(different.length);
  });

  test('never lets an end pass for a repetition of the start, even under one token', () => {
    const [start, end] = ['initiated', 'busy'].map((CallStatus) => parse({ CallStatus }, { token: 'one' }).eventId);
    expect(start).not.toBe(end);
  });

  test.each<[string, string | string[]]>([
    ['too long', 't'.repeat(300)],
    ['not a token', 'a b'],
    ['given twice', ['a', 'b']],
  ])('does without a token that is %s', (_, token) => {
    expect(parse({ CallStatus: 'busy', SequenceNumber: '2' }, { token }).eventId).toBe(`${SID}:busy:2`);
  });
});

describe('a body that is no status callback is refused', () => {
  test.each<[string, string]>([
    ['nothing', ''],
    ['JSON', JSON.stringify({ CallSid: SID, CallStatus: 'busy' })],
    ['no call', 'CallStatus=busy'],
    ['no status', `CallSid=${SID}`],
    ['an odd call', 'CallSid=CA1&CallStatus=busy'],
    ['two calls', `CallSid=${SID}&CallSid=${SID}&CallStatus=busy`],
    ['two statuses', `CallSid=${SID}&CallStatus=busy&CallStatus=completed`],
  ])('%s', (_, body) => {
    expect(() => parse(body)).toThrow(expect.objectContaining({ code: 'bad_request' }) as Error);
  });

  test('and whatever comes is an event or bad_request', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.dictionary(fc.string(), fc.string())), (given) => {
        const body =
          typeof given === 'string' ? given : `CallSid=${SID}&CallStatus=busy&${new URLSearchParams(given).toString()}`;
        try {
          parse(body);
        } catch (error) {
          expect(error instanceof RingfenceError && error.code).toBe('bad_request');
        }
      }),
    );
  });
});
