import { describe, expect, test } from 'vitest';
import {
  type AcceptedCall,
  duplicates,
  fullAgainAfter,
  neverCalled,
  slotsMissingAtEnd,
} from '../../../bench/peers/measures.ts';

const call = (contact: number, accepted_at: number, ended_at: number | null): AcceptedCall => ({
  phone_number: `+1212555010${contact}`,
  accepted_at,
  ended_at,
});

/** Two slots, each taken again at once. */
const SMOOTH = [call(1, 0, 100), call(2, 0, 150), call(3, 100, 200), call(4, 150, 250), call(5, 200, 300)];

describe('who was called', () => {
  test('nobody twice, nobody left out', () => {
    expect(duplicates(SMOOTH)).toBe(0);
    expect(neverCalled(SMOOTH, 5)).toBe(0);
  });

  test('each call beyond the first counts as a duplicate, and hides nobody who was left out', () => {
    const calls = [...SMOOTH, call(2, 300, 350), call(2, 360, 370)];
    expect(duplicates(calls)).toBe(2);
    expect(neverCalled(calls, 7)).toBe(2);
  });
});

describe('full again', () => {
  test('after 0 where no slot was empty while there was somebody to call', () => {
    expect(fullAgainAfter(SMOOTH.slice(0, 2), 2, 0)).toBeNull();
    expect(fullAgainAfter([call(1, 0, null), call(2, 0, null)], 2, 0)).toBe(0);
  });

  test('an end and a beginning at the same millisecond leave no slot empty', () => {
    expect(fullAgainAfter([call(1, 0, 100), call(2, 0, null), call(3, 100, null)], 2, 50)).toBe(0);
  });

  test('from the kill until the last slot is taken again', () => {
    const calls = [call(1, 0, 100), call(2, 0, 120), call(3, 400, null), call(4, 700, null)];
    expect(fullAgainAfter(calls, 2, 90)).toBe(610);
  });

  test('without regard to slots that were empty and taken again before', () => {
    const calls = [call(1, 0, 50), call(2, 0, 120), call(3, 80, null), call(4, 400, null)];
    expect(fullAgainAfter(calls, 2, 90)).toBe(310);
  });

  test('never, where a slot stays empty', () => {
    const calls = [call(1, 0, 100), call(2, 0, 120), call(3, 400, null)];
    expect(fullAgainAfter(calls, 2, 90)).toBeNull();
  });
});

describe('slots missing at the end', () => {
  test('none, where the last contacts were called side by side', () => {
    expect(slotsMissingAtEnd(SMOOTH, 2)).toBe(0);
  });

  test('one, where the last contacts were called one after the other', () => {
    const calls = [call(1, 0, 100), call(2, 0, 100), call(3, 110, 200), call(4, 210, 300), call(5, 310, 400)];
    expect(slotsMissingAtEnd(calls, 2)).toBe(1);
  });

  test('none, where more were called at once than there were slots', () => {
    expect(slotsMissingAtEnd([call(1, 0, 100), call(2, 0, 100), call(3, 50, 100)], 2)).toBe(0);
  });
});
