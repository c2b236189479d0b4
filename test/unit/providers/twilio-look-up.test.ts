import { describe, expect, test } from 'vitest';
import { callId } from '../../../domain/engine/ids.ts';
import { LookUpResult } from '../../../domain/dialling/provider-messages.ts';
import {
  endCall,
  type Get,
  lookUpById,
  lookUpByNumbers,
  lookUpInList,
  type Post,
  REQUESTS_BY_NUMBERS,
} from '../../../providers/twilio/look-up.ts';
import type { SendResult } from '../../../providers/send-before.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const OURS = callId({ campaignId: '00000000-0000-4000-8000-000000000001', seq: 7, attempt: 2 });
const OTHER = callId({ campaignId: '00000000-0000-4000-8000-000000000001', seq: 8, attempt: 1 });
const SID = `CA${'a1'.repeat(16)}`;
const SECOND = `CA${'b2'.repeat(16)}`;
const [TO, FROM] = ['+12125550123', '+12125550100'];
const REF = { callId: OURS, request: new URLSearchParams({ To: TO, From: FROM }).toString(), firstSentAt: NOW };

const CALL = {
  sid: SID,
  status: 'completed',
  to: TO,
  from: FROM,
  answered_by: null,
  date_created: 'Wed, 18 Mar 2026 12:00:01 +0000',
  end_time: 'Wed, 18 Mar 2026 12:01:00 +0000',
};
const callback = (id: string) => `https://h.example/webhooks/clinic?ringfence_call_id=${id}#rc=5&rp=all`;
const byCreation = (id: string) => ({
  request: { url: 'https://api.twilio.com/x', parameters: { status_callback: callback(id) } },
});
const byCallback = (id: string) => ({ request: { method: 'POST', url: callback(id), parameters: {} } });

const answered = (body: unknown, status = 200): SendResult => ({
  kind: 'answered',
  status,
  headers: {},
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});

/** An API that lists these calls, and these events of each. It notes what it was asked. */
function api(calls: readonly object[], events: Readonly<Record<string, unknown>> = {}) {
  const asked: string[] = [];
  const get: Get = async (path) => {
    asked.push(path);
    const sid = /^\/Calls\/(?<sid>\w+)\/Events\.json/.exec(path)?.groups?.sid;
    return answered(sid === undefined ? { calls } : { events: events[sid] ?? [] });
  };
  return { get, asked };
}

const FAILURES: [string, SendResult, string][] = [
  ['an unknown call', answered({ code: 20_404, status: 404 }, 404), 'not_found'],
  ['a wrong token', answered({ code: 20_003, status: 401 }, 401), 'http_401'],
  ['too many requests', answered('', 429), 'http_429'],
  ['an outage', answered('', 503), 'http_503'],
  ['something that is not JSON', answered('<html>'), 'unexpected_answer'],
  ['something else', answered([]), 'unexpected_answer'],
  ['nothing in time', { kind: 'lost', code: 'timeout' }, 'timeout'],
  ['no connection', { kind: 'unsent', code: 'ECONNREFUSED' }, 'ECONNREFUSED'],
];

describe('a call by its SID', () => {
  const lookUp = (call: object) => lookUpById(async () => answered({ ...CALL, ...call }), SID);

  test.each([
    ['queued', 'live'],
    ['ringing', 'live'],
    ['in-progress', 'live'],
    ['completed', 'ended'],
    ['busy', 'ended'],
    ['canceled', 'ended'],
    ['teleported', 'unknown'],
  ])('%s is %s', async (status, kind) => {
    expect(await lookUp({ status })).toMatchObject({ kind });
  });

  test.each([
    ['queued', true],
    ['ringing', false],
    ['in-progress', false],
  ])('%s: whether it is still in the queue is %s', async (status, queued) => {
    expect(await lookUp({ status })).toMatchObject({ kind: 'live', queued });
  });

  test('tells how it ended, when, and whom it went to', async () => {
    const found = await lookUp({ answered_by: 'machine_start' });
    expect(LookUpResult.parse(found)).toEqual(found);
    expect(found).toEqual({
      kind: 'ended',
      providerCallId: SID,
      outcome: 'voicemail',
      endedAt: NOW + 60_000,
      particulars: { phoneNumber: TO, agentId: null, placedAt: NOW + 1_000 },
    });
  });

  test('is not taken for another one', async () => {
    expect(await lookUp({ sid: SECOND })).toMatchObject({ kind: 'unknown' });
  });

  test.each(FAILURES)('%s proves nothing', async (_, answer, reason) => {
    expect(await lookUpById(async () => answer, SID)).toEqual({ kind: 'unknown', reason });
  });

  test.each(['', 'CA1', `${SID}/Events`, `${SID}.json?x=`])('"%s" is no SID, and nobody is asked', async (sid) => {
    const { get, asked } = api([]);
    expect(await lookUpById(get, sid)).toEqual({ kind: 'unknown', reason: 'not_found' });
    expect(asked).toEqual([]);
  });
});

describe('a call by its numbers', () => {
  test.each([
    ['the request that created it', byCreation(OURS)],
    ['a status callback', byCallback(OURS)],
    ['an id in capitals', byCallback(OURS.toUpperCase())],
  ])('is ours where its events contain our call id: %s', async (_, event) => {
    const { get, asked } = api([CALL], { [SID]: [{}, event] });
    expect(await lookUpByNumbers(get, REF)).toMatchObject({ kind: 'ended', providerCallId: SID, outcome: 'completed' });
    expect(new URL(asked[0]!, 'https://h.example').searchParams.get('To')).toBe(TO);
  });

  test('is the one of several that its events name', async () => {
    const calls = [{ ...CALL, sid: SECOND, status: 'busy' }, CALL];
    const { get } = api(calls, { [SID]: [byCreation(OURS)], [SECOND]: [byCreation(OTHER)] });
    expect(await lookUpByNumbers(get, REF)).toMatchObject({ kind: 'ended', providerCallId: SID });
  });

  test.each<[string, unknown]>([
    ['are not there yet', []],
    ['name another call', [byCreation(OTHER)]],
    ['name none', [{ request: { url: 'https://h.example/voice' } }]],
    ['contain no request', [{ request: null }]],
    ['cannot be read', 'nothing'],
  ])('is unknown where its events %s', async (_, events) => {
    const { get } = api([CALL], { [SID]: events });
    expect(await lookUpByNumbers(get, REF)).toEqual({ kind: 'unknown', reason: 'not_confirmed' });
  });

  test.each<[string, object]>([
    ['of another person', { to: '+12125550124' }],
    ['from another number', { from: '+12125550199' }],
    ['of an hour before', { date_created: 'Wed, 18 Mar 2026 11:00:00 +0000' }],
    ['without a time', { date_created: null }],
    ['without a SID', { sid: 'x' }],
  ])('is not found among calls %s', async (_, call) => {
    const { get, asked } = api([{ ...CALL, ...call }], { [SID]: [byCreation(OURS)] });
    expect(await lookUpByNumbers(get, REF)).toEqual({ kind: 'unknown', reason: 'not_found' });
    expect(asked).toHaveLength(1);
  });

  test.each<[string, object]>([
    ['its request', { request: null }],
    ['the time of its request', { firstSentAt: null }],
    ['our id', { callId: null }],
    ['numbers', { request: 'x=1' }],
  ])('cannot be searched without %s', async (_, missing) => {
    const { get, asked } = api([CALL]);
    expect(await lookUpByNumbers(get, { ...REF, ...missing })).toEqual({ kind: 'unknown', reason: 'not_searchable' });
    expect(asked).toEqual([]);
  });

  test('asks about few of many', async () => {
    const many = Array.from({ length: 50 }, (_, index) => ({ ...CALL, sid: `CA${String(index).padStart(32, '0')}` }));
    const { get, asked } = api(many);
    expect(await lookUpByNumbers(get, REF)).toMatchObject({ kind: 'unknown' });
    expect(asked).toHaveLength(REQUESTS_BY_NUMBERS);
  });

  test.each(FAILURES)('%s proves nothing', async (_, answer, reason) => {
    expect(await lookUpByNumbers(async () => answer, REF)).toEqual({ kind: 'unknown', reason });
  });
});

describe('several calls by their SIDs', () => {
  test('are looked up with one request, and what is not on the page must be asked for by itself', async () => {
    const { get, asked } = api([{ ...CALL, status: 'busy' }, { sid: 'x' }]);
    const known = await lookUpInList(get, [SID, SECOND]);
    expect([known(SID), known(SECOND)]).toMatchObject([
      { kind: 'ended', providerCallId: SID, outcome: 'busy' },
      { kind: 'unknown', reason: 'not_listed' },
    ]);
    expect(asked).toEqual(['/Calls.json?PageSize=1000']);
  });

  test.each(FAILURES)('%s: each is asked for by itself unless Twilio refuses requests', async (_, answer, reason) => {
    const known = await lookUpInList(async () => answer, [SID]);
    const isRefused = ['http_401', 'http_429', 'http_503'].includes(reason);
    expect(known(SID)).toEqual({ kind: 'unknown', reason: isRefused ? reason : 'not_listed' });
  });
});

describe('a call that is to be cancelled', () => {
  const cancelled = answered({ ...CALL, status: 'canceled' });
  const over = answered({ code: 21_220, status: 400 }, 400);

  test.each<[string, SendResult, object, object]>([
    ['is cancelled', cancelled, CALL, { kind: 'ended', outcome: 'cancelled' }],
    ['goes on, because somebody has answered', answered({ ...CALL, status: 'in-progress' }), CALL, { queued: false }],
    ['was over', over, { ...CALL, status: 'busy' }, { kind: 'ended', outcome: 'busy' }],
    [
      'is still queued: the request was lost',
      { kind: 'lost', code: 'x' },
      { ...CALL, status: 'queued' },
      { queued: true },
    ],
    [
      'is another one, which proves nothing',
      answered({ ...CALL, sid: SECOND, status: 'canceled' }),
      CALL,
      { outcome: 'completed' },
    ],
  ])('%s', async (_, answer, call, expected) => {
    const posted: string[][] = [];
    const post: Post = async (...request) => {
      posted.push(request);
      return answer;
    };
    expect(await endCall('canceled', post, async () => answered(call), SID)).toMatchObject(expected);
    expect(posted).toEqual([[`/Calls/${SID}.json`, 'Status=canceled']]);
  });

  test('or to be hung up is ended, whatever it is at', async () => {
    const posted: string[][] = [];
    const post: Post = async (...request) => {
      posted.push(request);
      return answered({ ...CALL, status: 'completed' });
    };
    const asked = await endCall('completed', post, async () => answered(CALL), SID);
    expect(asked).toMatchObject({ kind: 'ended', outcome: 'completed' });
    expect(posted).toEqual([[`/Calls/${SID}.json`, 'Status=completed']]);
  });
});
