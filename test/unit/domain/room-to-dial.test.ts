import { describe, expect, it } from 'vitest';
import type { HoursWindow } from '../../../domain/engine/calling-hours.ts';
import { refuseWithoutRoom } from '../../../domain/windows/room-to-dial.ts';
import { scheduleOf } from '../../support/factories/schedules.ts';

const room = (start_time: string | null, end_time: string | null, marginS: number) => () =>
  refuseWithoutRoom(scheduleOf({ start_time, end_time }), marginS * 1_000);

describe('hours of several windows', () => {
  const week = [1, 2, 3, 4, 5];
  const morning = { days: week, start: '09:00', end: '09:05' };
  const roomIn =
    (calling_hours: HoursWindow[], marginS: number, day_timezone: string | null = null) =>
    () =>
      refuseWithoutRoom(scheduleOf({ calling_hours, day_timezone }), marginS * 1_000);

  it.each<[string, HoursWindow[]]>([
    ['in the longest of them', [morning, { days: [6], start: '10:00', end: '10:06' }]],
    ['together where they touch', [morning, { days: week, start: '09:05', end: '09:06' }]],
    ['together where they overlap', [morning, { days: [3], start: '09:03', end: '09:10' }]],
    ['over midnight where they touch', [{ days: [7], start: '23:50', end: '24:00' }]],
    [
      'over the end of the week',
      [
        { days: [7], start: '23:58', end: '00:06' },
        { days: [1], start: '00:06', end: '00:09' },
      ],
    ],
  ])('leave room %s', (_, calling_hours) => {
    expect(roomIn(calling_hours, 310)).not.toThrow();
  });

  it.each<[string, HoursWindow[]]>([
    ['in none of them', [morning, { days: [6], start: '10:00', end: '10:05' }]],
    [
      'on either side of midnight',
      [
        { days: [7], start: '23:56', end: '24:00' },
        { days: [1], start: '00:00', end: '00:04' },
      ],
    ],
  ])('leave none %s, and that is said', (_, calling_hours) => {
    expect(roomIn(calling_hours, 310)).toThrow(
      expect.objectContaining({ code: 'validation_error', field: 'calling_hours' }) as Error,
    );
  });

  it('leave room over midnight where the day ends elsewhere', () => {
    const calling_hours = [{ days: [7], start: '23:56', end: '00:04' }];
    expect(roomIn(calling_hours, 310)).toThrow('before midnight, or after it');
    expect(roomIn(calling_hours, 310, 'Asia/Tokyo')).not.toThrow();
  });
});

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
