import { describe, expect, it } from 'vitest';
import { refuseWithoutRoom } from '../../../domain/windows/room-to-dial.ts';

const room = (start_time: string | null, end_time: string | null, marginS: number) => () =>
  refuseWithoutRoom({ start_time, end_time }, marginS * 1_000);

describe('hours', () => {
  it.each([
    [null, null, 3_600],
    ['09:00', '09:01', 40],
    ['09:00', '17:00', 3_600],
    ['23:59', '00:05', 240],
    ['23:30', '00:05', 600],
    ['23:59', '24:00', 40],
  ])('from %s to %s leave room for a call with a margin of %d s', (start, end, margin) => {
    expect(room(start, end, margin)).not.toThrow();
  });

  it.each([
    ['09:00', '09:01', 60, 'at least 2 minutes,'],
    ['09:00', '09:05', 310, 'at least 6 minutes'],
    ['23:55', '00:05', 300, 'at least 6 minutes before midnight, or after it'],
    ['23:59', '24:00', 61, 'at least 2 minutes'],
  ])('from %s to %s leave none with one of %d s, and that is said', (start, end, margin, advice) => {
    expect(room(start, end, margin)).toThrow(
      expect.objectContaining({ code: 'validation_error', field: 'end_time' }) as Error,
    );
    expect(room(start, end, margin)).toThrow(advice.replace(/,$/, ''));
  });
});
