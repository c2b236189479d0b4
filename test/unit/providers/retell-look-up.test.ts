import { describe, expect, test } from 'vitest';
import { callId } from '../../../domain/engine/ids.ts';
import type { CallRef } from '../../../providers/port.ts';
import { gather } from '../../../providers/retell/gather.ts';
import { type Ask, lookUpCalls as startLookUps } from '../../../providers/retell/look-up.ts';

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

const lookUpCalls = (ask: Ask, calls: readonly CallRef[]) => Promise.all(startLookUps(ask, calls));
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

  test('calls with an id are listed by it, and only the missing are asked for alone', async () => {
    const { ask, asked } = retell([live('call_2')], { call_id: 'call_1', call_status: 'registered' });
    expect(await lookUpCalls(ask, [named('call_1'), named('call_2')])).toMatchObject([
      { kind: 'live', providerCallId: 'call_1' },
      { kind: 'live', providerCallId: 'call_2' },
    ]);
    expect(asked.map(({ path }) => path)).toEqual(['/v3/list-calls', '/v2/get-call/call_1']);
    expect(asked[0]?.body).toMatchObject({
      filter_criteria: { call_id: { type: 'enum', op: 'in', value: ['call_1', 'call_2'] } },
    });
  });

  test('a call that the list contains does not wait for another that is asked for alone', async () => {
    const { ask } = retell([live('call_2')]);
    const [, listed] = startLookUps(
      (method, path, body) => {
        return method === 'GET' ? new Promise(() => {}) : ask(method, path, body);
      },
      [named('call_1'), named('call_2')],
    );
    expect(await listed).toMatchObject({ kind: 'live' });
  });

  test('questions of the same time share a request, and each gets its own answers', async () => {
    const { ask, asked } = retell([live('call_1'), live('call_2'), live('call_3')]);
    const lookUp = gather((calls: readonly CallRef[]) => startLookUps(ask, calls));
    const answers = await Promise.all([
      lookUp([named('call_3')]),
      lookUp([]),
      lookUp([named('call_1'), named('call_2')]),
    ]);
    expect(answers).toMatchObject([
      [{ providerCallId: 'call_3' }],
      [],
      [{ providerCallId: 'call_1' }, { providerCallId: 'call_2' }],
    ]);
    expect(asked).toHaveLength(1);
    await lookUp([named('call_1')]);
    expect(asked).toHaveLength(2);
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
    const { ask, asked } = retell([live('call_1', 1)], 422, true);
    expect(await lookUpCalls(ask, [unnamed(1), unnamed(2), named('call_3')])).toMatchObject([
      { kind: 'live', providerCallId: 'call_1' },
      { kind: 'unknown', reason: 'list_too_long' },
      { kind: 'unknown', reason: 'list_too_long' },
    ]);
    expect(asked).toHaveLength(2);
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
    [{ call_status: 'ongoing', to_number: '+14155550123', agent_id: 'agent_1' }, { kind: 'live' }],
    [{ call_status: 'a_new_word' }, { kind: 'unknown', reason: 'unknown_status' }],
    [{}, { kind: 'unknown', reason: 'unknown_status' }],
  ])('%j is %j', async (call, expected) => {
    const { ask } = retell([{ call_id: 'call_1', ...call }]);
    const [result] = await lookUpCalls(ask, [named('call_1')]);
    expect(result).toMatchObject(expected);
  });

  test('names whom a call goes to, and no time of placement, which Retell does not tell', async () => {
    const { ask } = retell([{ ...live('call_1'), to_number: '+14155550123', agent_id: 'agent_1', start_timestamp: 5 }]);
    expect(await lookUpCalls(ask, [named('call_1')])).toMatchObject([
      { particulars: { phoneNumber: '+14155550123', agentId: 'agent_1', placedAt: null } },
    ]);
  });

  test.each([401, 429, 500])('an answer with %i is no answer about a call', async (status) => {
    const { ask } = retell([], status);
    expect(await lookUpCalls(ask, [named('call_1')])).toEqual([{ kind: 'unknown', reason: `http_${status}` }]);
  });
});
