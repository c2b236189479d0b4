import { describe, expect, it } from 'vitest';
import { sendBy, type SendTimes } from '../../../domain/dialling/send-by.ts';

const NOON = Date.UTC(2026, 2, 18, 12);
const HOUR_MS = 3_600_000;
/** A first try at noon, in hours that end in the evening. */
const FIRST: SendTimes = {
  startedAt: NOON,
  askedAt: NOON,
  permittedAt: NOON,
  notAfter: NOON + 8 * HOUR_MS,
  sentBefore: null,
  keyTtlMs: 600_000,
  requestTimeoutMs: 10_000,
};

describe('until when a try may send', () => {
  it.each<[string, Partial<SendTimes>, ReturnType<typeof sendBy>]>([
    ['eight seconds after it began; then our system was slow', {}, { at: NOON + 8_000, otherwise: 'delayed' }],
    [
      'the end of the window, where that comes first',
      { notAfter: NOON + 3_000 },
      { at: NOON + 3_000, otherwise: 'expired' },
    ],
    [
      'the time from which a limit over campaigns holds it, where that comes first: the dial is tried again',
      { heldFrom: NOON + 3_000, notAfter: NOON + 4_000 },
      { at: NOON + 3_000, otherwise: 'delayed' },
    ],
    [
      'on a worker whose clock is hours ahead: as long as on any other',
      { startedAt: NOON + 9 * HOUR_MS, askedAt: NOON + 9 * HOUR_MS },
      { at: NOON + 9 * HOUR_MS + 8_000, otherwise: 'delayed' },
    ],
    [
      'on a worker whose clock is hours behind: no longer than the window by the database’s clock',
      { startedAt: NOON - 9 * HOUR_MS, askedAt: NOON - 9 * HOUR_MS, notAfter: NOON + 2_000 },
      { at: NOON - 9 * HOUR_MS + 2_000, otherwise: 'expired' },
    ],
    [
      'eight seconds after it began, where it asked three seconds later, and the end of the window from there',
      { askedAt: NOON + 3_000, notAfter: NOON + 4_000 },
      { at: NOON + 7_000, otherwise: 'expired' },
    ],
    [
      'for a repeat: so early that its answer comes while the provider remembers the key',
      { sentBefore: NOON - 585_000 },
      { at: NOON + 5_000, otherwise: 'unresolved' },
    ],
    [
      'for a repeat whose key may be forgotten: not at all',
      { sentBefore: NOON - 595_000 },
      { at: NOON - 5_000, otherwise: 'unresolved' },
    ],
    [
      'for a repeat at the end of the window: not said to be unplaced',
      { sentBefore: NOON - 1_000, notAfter: NOON },
      { at: NOON, otherwise: 'unresolved' },
    ],
  ])('%s', (_, changes, expected) => {
    expect(sendBy({ ...FIRST, ...changes })).toEqual(expected);
  });
});
