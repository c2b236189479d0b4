/** How calls are asked about within a budget of requests: which of them, together or alone, and in what order. */
import { describe, expect, test } from 'vitest';
import { type LookUpUsage, reserveRequests } from '../../../domain/dialling/look-up-budget.ts';
import { type Answered, type Asked, lookUpWithinBudget, type Reserve } from '../../../providers/budgeted-look-up.ts';
import type { CallProvider, CallRef, LookUpResult } from '../../../providers/port.ts';

const named = (id: string, urgent = false): Asked => ({ callId: `our-${id}`, providerCallId: id, urgent });
const unnamed = (id: string): Asked => ({ callId: id, providerCallId: null, urgent: true });
const live = (providerCallId: string): LookUpResult => ({ kind: 'live', providerCallId });
const idOf = ({ callId, providerCallId }: CallRef) => providerCallId ?? callId ?? '';

interface Carrier {
  readonly together?: number;
  readonly requests?: CallProvider['lookUpRequests'];
  readonly answer?: (call: CallRef, of: number) => LookUpResult | Promise<LookUpResult>;
}

/** Asks a carrier about calls. Returns its questions, what became of each call, and what was reserved. */
async function lookUp(calls: readonly Asked[], { together, requests, answer }: Carrier, perMinute = 100) {
  const questions: string[][] = [];
  const provider = {
    facts: together === undefined ? {} : { callsPerLookUp: together },
    ...(requests ? { lookUpRequests: requests } : {}),
    async lookUp(asked: readonly CallRef[]) {
      questions.push(asked.map(idOf));
      return Promise.all(asked.map(async (call) => answer?.(call, asked.length) ?? live(idOf(call))));
    },
  } as unknown as CallProvider;
  const row: { usage: LookUpUsage | null } = { usage: null };
  const reserve: Reserve = async (wanted) => {
    const reservation = reserveRequests(row.usage, perMinute, wanted, 0);
    row.usage = reservation.usage;
    return reservation;
  };
  const found = new Map<string, Answered>();
  await lookUpWithinBudget(provider, reserve, calls, async (call, result) => {
    expect(found.has(idOf(call))).toBe(false);
    found.set(idOf(call), result);
  });
  const kinds = calls.map((call) => found.get(idOf(call))?.kind);
  return { questions, kinds, found, used: row.usage?.used[0] ?? 0 };
}

const ofTwo = (calls: readonly CallRef[]) => Math.ceil(calls.length / 2);

describe('calls with an id of the provider', () => {
  test('are each asked about by themselves where a request tells of one', async () => {
    expect((await lookUp([named('a'), named('b')], {})).questions).toEqual([['a'], ['b']]);
  });

  test('are asked about together where a request tells of several', async () => {
    const calls = ['a', 'b', 'c', 'd', 'e'].map((id) => named(id));
    const { questions, used } = await lookUp(calls, { together: 2, requests: ofTwo });
    expect([questions, used]).toEqual([[['a', 'b'], ['c', 'd'], ['e']], 3]);
  });

  test('are asked about by themselves where they would take as many requests together', async () => {
    const { questions } = await lookUp([named('a'), named('b')], { together: 50, requests: (calls) => calls.length });
    expect(questions).toEqual([['a'], ['b']]);
  });

  test.each<[string, Carrier['answer']]>([
    [
      'that the list does not contain',
      (call, of) => (of > 1 && idOf(call) === 'b' ? { kind: 'unknown', reason: 'not_listed' } : live(idOf(call))),
    ],
    ['whose list fails', (call, of) => (of > 1 ? Promise.reject(new Error('socket hang up')) : live(idOf(call)))],
  ])('%s are asked about by themselves afterwards', async (_, answer) => {
    const { questions, kinds } = await lookUp([named('a'), named('b')], {
      together: 50,
      requests: ofTwo,
      ...(answer ? { answer } : {}),
    });
    expect(questions[0]).toEqual(['a', 'b']);
    expect(questions.slice(1)).toContainEqual(['b']);
    expect(kinds).toEqual(['live', 'live']);
  });

  test('that are unknown for another reason are not asked about again', async () => {
    const { questions, kinds } = await lookUp([named('a'), named('b')], {
      together: 50,
      requests: ofTwo,
      answer: () => ({ kind: 'unknown', reason: 'http_429' }),
    });
    expect([questions, kinds]).toEqual([[['a', 'b']], ['unknown', 'unknown']]);
  });

  test('do not wait for another one that is answered slowly', async () => {
    const found: string[] = [];
    const provider = {
      facts: {},
      lookUp: (calls: readonly CallRef[]) =>
        calls[0]?.providerCallId === 'slow'
          ? new Promise(() => {})
          : Promise.resolve(calls.map((call) => live(idOf(call)))),
    } as unknown as CallProvider;
    const reserve: Reserve = async (granted) => ({ granted, retryAfterMs: 0 });
    void lookUpWithinBudget(provider, reserve, [named('slow'), named('a'), named('b')], async (call) => {
      found.push(idOf(call));
    });
    await expect.poll(() => found).toEqual(['a', 'b']);
  });

  test('of which one fails: the others are found', async () => {
    const { kinds } = await lookUp([named('a'), named('b')], {
      answer: (call) => (idOf(call) === 'a' ? Promise.reject(new Error('x')) : live('b')),
    });
    expect(kinds).toEqual(['failed', 'live']);
  });
});

describe('calls without an id of the provider', () => {
  test('are asked about together, and apart from the others', async () => {
    const { questions } = await lookUp([unnamed('x'), named('a'), unnamed('y')], { together: 50, requests: () => 1 });
    expect(questions).toEqual([['x', 'y'], ['a']]);
  });

  test('are asked about as far as the budget covers them', async () => {
    const calls = Array.from({ length: 20 }, (_, index) => unnamed(`x${index}`));
    const { questions, kinds, used } = await lookUp(calls, { requests: (asked) => asked.length * 4 }, 30);
    expect(questions).toEqual([['x0', 'x1', 'x2', 'x3', 'x4']]);
    expect(kinds).toEqual([
      ...Array.from({ length: 5 }, () => 'live'),
      ...Array.from({ length: 15 }, () => 'deferred'),
    ]);
    expect(used).toBe(30);
  });
});

describe('a budget that does not cover all', () => {
  const many = Array.from({ length: 30 }, (_, index) => named(`r${index}`));

  test('defers the rest, and says for how long', async () => {
    const { questions, found } = await lookUp(many, {}, 20);
    expect(questions).toHaveLength(15);
    expect(found.get('r29')).toEqual({ kind: 'deferred', retryAfterMs: 65_000 });
  });

  test('covers urgent calls first, and keeps a part for them', async () => {
    const urgent = Array.from({ length: 10 }, (_, index) => named(`u${index}`, true));
    const { questions } = await lookUp([...many, ...urgent], {}, 20);
    expect(questions.flat().filter((id) => id.startsWith('u'))).toHaveLength(10);
    expect(questions.flat().filter((id) => id.startsWith('r'))).toHaveLength(5);
  });

  test('defers a call that a list did not contain, if nothing is left to ask about it alone', async () => {
    const { kinds } = await lookUp(
      many.slice(0, 20),
      {
        together: 50,
        requests: (calls) => (calls.length > 1 ? 10 : 10),
        answer: (call, of) => (of > 1 ? { kind: 'unknown', reason: 'not_listed' } : live(idOf(call))),
      },
      20,
    );
    expect(new Set(kinds)).toEqual(new Set(['deferred']));
  });

  test.each([Number.NaN, 0, -1, 0.5])('counts a request at least, also where an adapter says %d', async (stated) => {
    expect((await lookUp([unnamed('x')], { requests: () => stated })).used).toBe(1);
  });
});
