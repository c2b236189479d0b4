import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { callId } from '../../../domain/engine/ids.ts';
import { RingfenceError } from '../../../domain/engine/errors.ts';
import type { CallEvent } from '../../../providers/port.ts';
import { parseTruedy } from '../../../providers/truedy/event.ts';

const NOW = Date.UTC(2026, 2, 2, 12, 0, 0);
const OURS = callId({ campaignId: '00000000-0000-4000-8000-000000000001', seq: 7, attempt: 2 });

function parse(body: unknown): CallEvent {
  const events = parseTruedy(Buffer.from(JSON.stringify(body)), NOW);
  expect(events).toHaveLength(1);
  return events[0]!;
}

describe('reading an event', () => {
  test('everything in its usual place', () => {
    const body = {
      event: 'call.ended',
      id: 'evt_1',
      timestamp: '2026-03-02T11:59:00Z',
      data: { call: { callId: 'c1', endReason: 'no_answer' }, variables: { ringfence_call_id: OURS } },
    };
    expect(parse(body)).toEqual({
      eventId: 'evt_1',
      kind: 'ended',
      callId: OURS,
      providerCallId: 'c1',
      outcome: 'no_answer',
      outcomeAsSent: 'no_answer',
      occurredAt: NOW - 60_000,
    });
  });

  test.each<[string, CallEvent['kind']]>([
    ['call.started', 'started'],
    ['call.joined', 'joined'],
    ['call.ended', 'ended'],
    ['call.completed', 'ended'],
    ['call.failed', 'ended'],
    ['call.billed', 'billed'],
    ['batch.status.changed', 'ignored'],
    ['voice.trained', 'ignored'],
    ['call.something_new', 'ignored'],
    ['constructor', 'ignored'],
  ])('%s is %s', (event, kind) => {
    const parsed = parse({ event, timestamp: NOW, data: { call_id: 'c1', status: 'busy' } });
    expect(parsed.kind).toBe(kind);
    expect(parsed.outcome).toBe(kind === 'ended' ? 'busy' : null);
  });

  test.each<[string, object]>([
    ['data.call.callId', { call: { callId: 'c1' } }],
    ['data.call_id', { call_id: 'c1' }],
    ['data.callId', { callId: 'c1' }],
  ])("the call's id at %s", (_place, data) => {
    expect(parse({ event: 'call.joined', timestamp: NOW, data }).providerCallId).toBe('c1');
  });

  test.each<[string, object, string]>([
    ['id', { id: 'e1', data: { call_id: 'c1' } }, 'e1'],
    ['event_id', { event_id: 'e1', data: { call_id: 'c1' } }, 'e1'],
    ['data.eventId', { data: { eventId: 'e1', call_id: 'c1' } }, 'e1'],
    ['data.id', { data: { id: 'e1', call_id: 'c1' } }, 'e1:call.ended'],
    ['nowhere', { data: { call_id: 'c1' } }, 'c1:call.ended'],
    ['id of the wrong type', { id: { $gt: '' }, data: { call_id: 'c1' } }, 'c1:call.ended'],
    ['id that no database stores', { id: 'e\u0000', data: { call_id: 'c1' } }, 'c1:call.ended'],
    ['id too long', { id: 'x'.repeat(500), data: { call_id: 'c1' } }, 'c1:call.ended'],
  ])('the event id: %s', (_place, rest, expected) => {
    expect(parse({ event: 'call.ended', timestamp: NOW, ...rest }).eventId).toBe(expected);
  });

  test("a call's own id at data.id does not make its end a repetition of its start", () => {
    const data = { id: 'c1', call_id: 'c1' };
    const ids = ['call.started', 'call.joined', 'call.ended', 'call.billed'].map(
      (event) => parse({ event, data }).eventId,
    );
    expect(new Set(ids).size).toBe(4);
  });

  test('call.completed without an id is the same event as call.ended', () => {
    const [ended, completed] = ['call.ended', 'call.completed'].map((event) =>
      parse({ event, data: { call_id: 'c1' } }),
    );
    expect(completed!.eventId).toBe(ended!.eventId);
  });

  test('an event without any id is known again by its bytes', () => {
    const body = { event: 'batch.status.changed', data: { state: 'done' } };
    expect(parse(body).eventId).toBe(parse(body).eventId);
    expect(parse(body).eventId).not.toBe(parse({ ...body, data: { state: 'begun' } }).eventId);
  });

  test.each<[string, unknown, number]>([
    ['ISO text', '2026-03-02T11:00:00.000Z', NOW - 3_600_000],
    ['Unix seconds', NOW / 1000 - 60, NOW - 60_000],
    ['milliseconds', NOW - 5, NOW - 5],
    ['missing', undefined, NOW],
    ['in words', 'yesterday', NOW],
    ['out of all range', 1e300, NOW],
    ['negative', -1, NOW],
  ])('occurred at: %s', (_name, timestamp, expected) => {
    expect(parse({ event: 'call.ended', timestamp, data: {} }).occurredAt).toBe(expected);
  });

  test.each<[string, object, string | null]>([
    ['data.variables', { variables: { ringfence_call_id: OURS } }, OURS],
    ['data.call.variables', { call: { variables: { ringfence_call_id: OURS } } }, OURS],
    ['not one of our ids', { variables: { ringfence_call_id: 'campaign-1' } }, null],
    ['not text', { variables: { ringfence_call_id: { a: 1 } } }, null],
    ['no variables', {}, null],
  ])('our call id: %s', (_name, data, expected) => {
    expect(parse({ event: 'call.started', data }).callId).toBe(expected);
  });
});

describe('how a call ended', () => {
  test.each<[string, object, CallEvent['outcome'], string | null]>([
    ['call.ended', { status: 'completed' }, 'completed', 'completed'],
    ['call.ended', { status: 'ended' }, 'completed', 'ended'],
    ['call.ended', { status: 'no-answer' }, 'no_answer', 'no-answer'],
    ['call.ended', { outcome: 'No Answer' }, 'no_answer', 'No Answer'],
    ['call.ended', { call: { endReason: 'VOICEMAIL' } }, 'voicemail', 'VOICEMAIL'],
    ['call.ended', { status: 'busy' }, 'busy', 'busy'],
    ['call.ended', { status: 'canceled' }, 'cancelled', 'canceled'],
    ['call.ended', { status: 'cancelled' }, 'cancelled', 'cancelled'],
    ['call.ended', { status: 'failed' }, 'failed', 'failed'],
    ['call.ended', { status: 'ended', outcome: 'declined', joined: false }, 'declined', 'declined'],
    ['call.failed', { outcome: 'Invalid Number' }, 'invalid_number', 'Invalid Number'],
    ['call.ended', { status: 'ended', outcome: 'declined', joined: true }, 'completed', 'declined'],
    ['call.ended', { outcome: 'invalid_number', joined: true }, 'completed', 'invalid_number'],
    ['call.ended', { status: 'completed', outcome: 'no_answer' }, 'no_answer', 'no_answer'],
    ['call.ended', { status: 'ended', call: { endReason: 'busy' } }, 'busy', 'busy'],
    ['call.ended', { status: 'failed', outcome: 'completed' }, 'failed', 'failed'],
    ['call.ended', { outcome: 'agent_hung_up', joined: true }, 'completed', 'agent_hung_up'],
    [
      'call.ended',
      { outcome: 'agent_hung_up', call: { joined: '2026-03-02T11:59:00Z' } },
      'completed',
      'agent_hung_up',
    ],
    ['call.ended', { outcome: 'out_of_luck', joined: false }, 'failed', 'out_of_luck'],
    ['call.ended', { outcome: 'out_of_luck', joined_at: null }, 'failed', 'out_of_luck'],
    ['call.ended', { outcome: 'out_of_luck' }, 'failed', 'out_of_luck'],
    ['call.ended', { status: 'completed', outcome: 'hung_up' }, 'completed', 'hung_up'],
    ['call.ended', { status: 'ended', outcome: 'out_of_luck', joined: false }, 'failed', 'out_of_luck'],
    ['call.ended', { status: 'in-progress' }, 'completed', null],
    ['call.ended', { outcome: 'toString' }, 'failed', 'toString'],
    ['call.ended', {}, 'completed', null],
    ['call.ended', { joined: false }, 'failed', null],
    ['call.completed', {}, 'completed', null],
    ['call.failed', {}, 'failed', null],
    ['call.failed', { status: 'ended' }, 'failed', 'ended'],
    ['call.failed', { outcome: 'busy' }, 'busy', 'busy'],
    ['call.failed', { outcome: 'odd', joined: true }, 'failed', 'odd'],
  ])('%s %j: %s', (event, data, outcome, asSent) => {
    const parsed = parse({ event, timestamp: NOW, data: { call_id: 'c1', ...data } });
    expect([parsed.outcome, parsed.outcomeAsSent]).toEqual([outcome, asSent]);
  });
});

describe('bodies that are no events', () => {
  test.each<[string, string]>([
    ['nothing', ''],
    ['not JSON', '{"event":'],
    ['a list', '[{"event":"call.ended"}]'],
    ['null', 'null'],
    ['no event name', '{"data":{}}'],
    ['an event name that is no text', '{"event":{"a":1}}'],
    ['too large', JSON.stringify({ event: 'call.ended', pad: 'x'.repeat(1_048_576) })],
    ['nested without end', '['.repeat(200_000)],
  ])('%s', (_name, text) => {
    expect(() => parseTruedy(Buffer.from(text), NOW)).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });

  test('deep nesting in fields that are not read does no harm', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const [event] = parseTruedy(Buffer.from(`{"event":"call.ended","data":{"call_id":"c1","extra":${deep}}}`), NOW);
    expect(event).toMatchObject({ kind: 'ended', providerCallId: 'c1' });
  });

  test('whatever JSON comes, the answer is an event within bounds or a bad_request', () => {
    const messy = fc.record(
      {
        event: fc.constantFrom('call.ended', 'call.failed', 'call.joined', 'x'),
        id: fc.json(),
        data: fc.jsonValue(),
        timestamp: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(messy, fc.jsonValue()), (body) => {
        try {
          const event = parse(body);
          expect(event.eventId.length).toBeLessThanOrEqual(200);
          expect(Number.isSafeInteger(event.occurredAt)).toBe(true);
          expect(event.outcome === null).toBe(event.kind !== 'ended');
        } catch (error) {
          if (!(error instanceof RingfenceError)) throw error;
          expect(error.code).toBe('bad_request');
        }
      }),
    );
  });
});
