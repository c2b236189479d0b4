/** Calls whose reply was lost, sought in the provider's list of calls. */
import { describe, expect, it } from 'vitest';
import { callId } from '../../../domain/engine/ids.ts';
import { type Get, lookUpInList, lookUpAmongNewest } from '../../../providers/truedy/look-up.ts';

const CAMPAIGN = '00000000-0000-4000-8000-000000000001';
const idOf = (seq: number) => callId({ campaignId: CAMPAIGN, seq, attempt: 1 });

/** Newest first, as many as there are, all of them live. */
function provider(calls: number, failsFrom = Infinity, pageMs = 0) {
  const pages: string[] = [];
  let now = 0;
  const time = { now: () => now, withinMs: 18_000 };
  const get: Get = (path) => {
    pages.push(path);
    now += pageMs;
    const { searchParams } = new URL(path, 'http://provider');
    const [limit, offset] = [Number(searchParams.get('limit')), Number(searchParams.get('offset'))];
    if (offset >= failsFrom) return Promise.resolve({ kind: 'lost', code: 'timeout' });
    const data = Array.from({ length: Math.min(limit, Math.max(0, calls - offset)) }, (_, index) => ({
      id: `theirs-${offset + index}`,
      status: 'in-progress',
      variables: { ringfence_call_id: idOf(offset + index + 1) },
    }));
    const body = Buffer.from(JSON.stringify({ data, pagination: { has_more: offset + limit < calls } }));
    return Promise.resolve({ kind: 'answered', status: 200, headers: {}, body });
  };
  return { get, pages, time };
}

describe('fifty calls', () => {
  const wanted = Array.from({ length: 50 }, (_, index) => idOf(1 + index * 7));

  it('are found by reading each page of the list once', async () => {
    const { get, pages, time } = provider(400);
    const known = await lookUpInList(get, wanted, time);
    expect(wanted.map((id) => known(id).kind)).toEqual(wanted.map(() => 'live'));
    expect(pages).toHaveLength(4);
  });

  it('are sought no further than the last of them', async () => {
    const { get, pages, time } = provider(400);
    await lookUpInList(get, wanted.slice(0, 3), time);
    expect(pages).toHaveLength(1);
  });

  it('are found as far as the list could be read, and the others are unknown', async () => {
    const { get, pages, time } = provider(400, 200);
    const known = await lookUpInList(get, wanted, time);
    expect(wanted.filter((id) => known(id).kind === 'live')).toEqual(wanted.slice(0, 29));
    expect(known(wanted[49]!)).toEqual({ kind: 'unknown', reason: 'timeout' });
    expect(pages).toHaveLength(3);
  });

  it('are found as far as a slow list can be read in time, and the others are unknown', async () => {
    const { get, pages, time } = provider(400, Infinity, 9_500);
    const known = await lookUpInList(get, wanted, time);
    expect(wanted.filter((id) => known(id).kind === 'live')).toEqual(wanted.slice(0, 29));
    expect(known(wanted[49]!)).toEqual({ kind: 'unknown', reason: 'list_too_slow' });
    expect(pages).toHaveLength(2);
  });

  it('that are none ask for nothing', async () => {
    const { get, pages, time } = provider(400);
    expect((await lookUpInList(get, [], time))(idOf(1)).kind).toBe('unknown');
    expect(pages).toEqual([]);
  });
});

describe('several calls by the ids of the provider', () => {
  it('are looked up among the newest, as far as the last of them, and what is not there must be asked for by itself', async () => {
    const { get, pages, time } = provider(400);
    const some = await lookUpAmongNewest(get, ['theirs-0', 'theirs-199'], time);
    expect([some('theirs-0'), some('theirs-199')]).toMatchObject([
      { kind: 'live', providerCallId: 'theirs-0', queued: false },
      { kind: 'live', providerCallId: 'theirs-199' },
    ]);
    expect(pages).toHaveLength(2);
    const other = await lookUpAmongNewest(get, ['theirs-500'], time);
    expect(other('theirs-500')).toEqual({ kind: 'unknown', reason: 'not_listed' });
    expect(pages).toHaveLength(2 + 4);
  });

  it('are asked for by themselves where the list cannot be read', async () => {
    const { get, time } = provider(400, 0);
    const known = await lookUpAmongNewest(get, ['theirs-0'], time);
    expect(known('theirs-0')).toEqual({ kind: 'unknown', reason: 'not_listed' });
  });
});
