import { describe, expect, test } from 'vitest';
import { callId } from '../../../domain/engine/ids.ts';
import { type Ask, cancelCall, lookUpCalls, lookUpRequests } from '../../../providers/retell/look-up.ts';

const idOf = (seq: number) => callId({ campaignId: '00000000-0000-4000-8000-000000000001', seq, attempt: 1 });

/** Answers every list with `items`, and every request for one call with `one`. */
function retell(items: readonly object[], one: object | number = 422, hasMore = false) {
  const asked: { readonly path: string; readonly body: unknown }[] = [];
  const answered = (status: number, answer: unknown) =>
    Promise.resolve({ kind: 'answered' as const, status, headers: {}, body: Buffer.from(JSON.stringify(answer)) });
  const ask: Ask = (_method, path, body) => {
    asked.push({ path, body: body === undefined ? undefined : JSON.parse(body) });
    if (path === '/v3/list-calls') return answered(200, { items, has_more: hasMore });
    return typeof one === 'number' ? answered(one, {}) : answered(200, one);
  };
  return { ask, asked };
}

const unnamed = (seq: number) => ({ callId: idOf(seq), providerCallId: null });
const named = (providerCallId: string) => ({ callId: null, providerCallId });
const live = (call_id: string, seq?: number) => ({
  call_id,
  call_status: 'ongoing',
  ...(seq === undefined ? {} : { metadata: { ringfence_call_id: idOf(seq) } }),
});

describe('looking calls up at Retell', () => {
  test('120 calls without an id take three requests, each with a filter by our ids', async () => {
    const { ask, asked } = retell([live('call_7', 7)]);
    const results = await lookUpCalls(
      ask,
      Array.from({ length: 120 }, (_, seq) => unnamed(seq)),
    );
    expect(asked).toHaveLength(3);
    expect(asked[2]).toEqual({
      path: '/v3/list-calls',
      body: {
        filter_criteria: {
          metadata: [
            {
              type: 'enum',
              op: 'in',
              key: 'ringfence_call_id',
              value: Array.from({ length: 20 }, (_, index) => idOf(100 + index)),
            },
          ],
        },
        sort_order: 'descending',
        limit: 200,
      },
    });
    expect(results.map(({ kind }, seq) => (kind === 'live' ? seq : -1)).filter((seq) => seq >= 0)).toEqual([7]);
    expect(results[8]).toEqual({ kind: 'unknown', reason: 'not_found' });
  });

  test('several calls with an id are listed by it, and the missing must be asked for alone', async () => {
    const { ask, asked } = retell([live('call_2')]);
    expect(await lookUpCalls(ask, [named('call_1'), named('call_2')])).toMatchObject([
      { kind: 'unknown', reason: 'not_listed' },
      { kind: 'live', providerCallId: 'call_2' },
    ]);
    expect(asked).toMatchObject([
      {
        path: '/v3/list-calls',
        body: { filter_criteria: { call_id: { type: 'enum', op: 'in', value: ['call_1', 'call_2'] } } },
      },
    ]);
  });

  test('one call with an id is asked for by it, because the list leaves out what is only registered', async () => {
    const { ask, asked } = retell([], { call_id: 'call_1', call_status: 'registered' });
    expect(await lookUpCalls(ask, [named('call_1')])).toMatchObject([{ kind: 'live', queued: true }]);
    expect(asked.map(({ path }) => path)).toEqual(['/v2/get-call/call_1']);
  });

  test.each([
    [1, 0, 1],
    [2, 0, 1],
    [50, 0, 1],
    [51, 0, 2],
    [0, 50, 1],
    [120, 120, 6],
  ])('%i calls with an id and %i without one take %i requests', async (ids, ourIds, expected) => {
    const { ask, asked } = retell([]);
    const calls = [
      ...Array.from({ length: ids }, (_, index) => named(`call_${index}`)),
      ...Array.from({ length: ourIds }, (_, index) => unnamed(index)),
    ];
    await lookUpCalls(ask, calls);
    expect([asked.length, lookUpRequests(calls)]).toEqual([expected, expected]);
  });

  test('nothing is asked for nothing', async () => {
    const { ask, asked } = retell([]);
    expect(await lookUpCalls(ask, [{ callId: null, providerCallId: null }, named('')])).toMatchObject([
      { kind: 'unknown' },
      { kind: 'unknown' },
    ]);
    expect(asked).toEqual([]);
  });

  test('of several calls with one of our ids, the live one counts', async () => {
    const ended = { ...live('call_1', 1), call_status: 'ended' };
    const { ask } = retell([ended, live('call_2', 1)]);
    expect(await lookUpCalls(ask, [unnamed(1)])).toMatchObject([{ kind: 'live', providerCallId: 'call_2' }]);
  });

  test('calls of others in the answer count for nobody', async () => {
    const { ask } = retell([live('call_9', 2), { call_status: 'ongoing', metadata: { ringfence_call_id: idOf(1) } }]);
    expect(await lookUpCalls(ask, [unnamed(1)])).toEqual([{ kind: 'unknown', reason: 'not_found' }]);
  });

  test('a list that goes on says nothing of calls that it does not contain', async () => {
    const { ask } = retell([live('call_1', 1)], 422, true);
    expect(await lookUpCalls(ask, [unnamed(1), unnamed(2), named('call_3'), named('call_4')])).toMatchObject([
      { kind: 'live', providerCallId: 'call_1' },
      { kind: 'unknown', reason: 'list_too_long' },
      { kind: 'unknown', reason: 'not_listed' },
      { kind: 'unknown', reason: 'not_listed' },
    ]);
  });

  test.each<[object, object]>([
    [
      { call_status: 'not_connected', disconnection_reason: 'dial_busy' },
      { kind: 'ended', outcome: 'busy', endedAt: null },
    ],
    [
      { call_status: 'ended', disconnection_reason: 'agent_hangup', end_timestamp: 1_700_000_000_000 },
      { kind: 'ended', outcome: 'completed', endedAt: 1_700_000_000_000 },
    ],
    [
      { call_status: 'error', disconnection_reason: 'concurrency_limit_reached' },
      { kind: 'ended', outcome: 'failed' },
    ],
    [
      { call_status: 'ongoing', to_number: '+14155550123', agent_id: 'agent_1' },
      { kind: 'live', queued: false },
    ],
    [{ call_status: 'registered' }, { kind: 'live', queued: true }],
    [
      { call_status: 'not_connected', disconnection_reason: 'manual_stopped' },
      { kind: 'ended', outcome: 'cancelled' },
    ],
    [
      { call_status: 'ended', disconnection_reason: 'manual_stopped', start_timestamp: 1_700_000_000_000 },
      { kind: 'ended', outcome: 'completed' },
    ],
    [{ call_status: 'a_new_word' }, { kind: 'unknown', reason: 'unknown_status' }],
    [{}, { kind: 'unknown', reason: 'unknown_status' }],
  ])('%j is %j', async (call, expected) => {
    const { ask } = retell([], { call_id: 'call_1', ...call });
    const [result] = await lookUpCalls(ask, [named('call_1')]);
    expect(result).toMatchObject(expected);
  });

  test('names whom a call goes to, and no time of placement, which Retell does not tell', async () => {
    const call = { ...live('call_1'), to_number: '+14155550123', agent_id: 'agent_1', start_timestamp: 5 };
    const { ask } = retell([], call);
    expect(await lookUpCalls(ask, [named('call_1')])).toMatchObject([
      { particulars: { phoneNumber: '+14155550123', agentId: 'agent_1', placedAt: null } },
    ]);
  });

  test.each([401, 429, 500])('an answer with %i is no answer about a call', async (status) => {
    const { ask } = retell([], status);
    expect(await lookUpCalls(ask, [named('call_1')])).toEqual([{ kind: 'unknown', reason: `http_${status}` }]);
  });
});

test.each<[string, object, object]>([
  ['was stopped', { call_status: 'ended', disconnection_reason: 'manual_stopped' }, { outcome: 'cancelled' }],
  ['was answered meanwhile', { call_status: 'ongoing', start_timestamp: 1_700_000_000_000 }, { queued: false }],
  ['is as it was', { call_status: 'registered' }, { queued: true }],
])(
  'a call that is to be cancelled %s: it says so itself, whatever the request was answered with',
  async (_, call, expected) => {
    const { ask, asked } = retell([], { call_id: 'call_1', ...call });
    expect(await cancelCall(ask, 'call_1')).toMatchObject(expected);
    expect(asked.map(({ path }) => path)).toEqual(['/v2/stop-call/call_1', '/v2/get-call/call_1']);
  },
);
