import { describe, expect, it } from 'vitest';
import { callerNumber } from '../../../domain/dialling/caller-number.ts';

const IDS = ['a', 'b', 'c'];
const seqs = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('the number to call from', () => {
  it.each([null, 'round_robin'] as const)('is the provider’s choice when no numbers are given (%s)', (rotation) => {
    expect(callerNumber([], rotation, { seq: 1, attempt: 1 })).toBeNull();
  });

  it('without a rotation, is one for all attempts of a contact, and another for the next contact', () => {
    const of = (attempt: number) => seqs(4).map((seq) => callerNumber(IDS, null, { seq, attempt }));
    expect([1, 2, 3].map(of)).toEqual(Array.from({ length: 3 }, () => ['a', 'b', 'c', 'a']));
  });

  it('is one for all contacts, and the next for their next attempt, in sequence', () => {
    const of = (attempt: number) => seqs(4).map((seq) => callerNumber(IDS, 'sequential', { seq, attempt }));
    expect([1, 2, 3, 4].map(of)).toEqual(['a', 'b', 'c', 'a'].map((id) => [id, id, id, id]));
  });

  it('goes round with the contacts, one further at each attempt', () => {
    const of = (attempt: number) => seqs(4).map((seq) => callerNumber(IDS, 'round_robin', { seq, attempt }));
    expect([of(1), of(2)]).toEqual([
      ['a', 'b', 'c', 'a'],
      ['b', 'c', 'a', 'b'],
    ]);
  });

  it('is scattered, the same each time for the same call', () => {
    const of = () => seqs(3_000).map((seq) => callerNumber(IDS, 'random', { seq, attempt: 1 }));
    const chosen = of();
    expect(of()).toEqual(chosen);
    for (const id of IDS) expect(chosen.filter((one) => one === id).length).toBeGreaterThan(900);
  });
});
