import { describe, expect, it } from 'vitest';
import { changedHours, type HoursChange, hoursOf, type StatedHours } from '../../../domain/engine/calling-hours.ts';
import { daysInWords, hoursInWords } from '../../../domain/engine/hours-text.ts';
import { scheduleOf } from '../../support/factories/schedules.ts';

const WEEK = [1, 2, 3, 4, 5];
const SHORT = { calling_hours: null, start_time: '09:00', end_time: '17:00', working_days: [1, 2] };
const WHOLE_DAYS = { calling_hours: null, start_time: null, end_time: null, working_days: WEEK };
const SPLIT = [
  { days: WEEK, start: '10:00', end: '13:00' },
  { days: WEEK, start: '14:00', end: '20:00' },
];
const LONG = { calling_hours: SPLIT, start_time: null, end_time: null, working_days: null };

describe('windows', () => {
  it.each<[string, StatedHours, ReturnType<typeof hoursOf>]>([
    ['the short form', SHORT, [{ days: [1, 2], start: '09:00', end: '17:00' }]],
    ['the short form without times', WHOLE_DAYS, [{ days: WEEK, start: '00:00', end: '24:00' }]],
    ['the short form without days', { ...SHORT, working_days: null }, [{ days: WEEK, start: '09:00', end: '17:00' }]],
    ['calling_hours', LONG, SPLIT],
  ])('of %s', (_, hours, windows) => {
    expect(hoursOf(hours)).toEqual(windows);
  });
});

describe('a change of hours', () => {
  it.each<[string, StatedHours, HoursChange, StatedHours]>([
    ['of nothing leaves them', LONG, {}, LONG],
    ['of a time keeps the other fields', SHORT, { end_time: '18:00' }, { ...SHORT, end_time: '18:00' }],
    ['of days keeps the times', SHORT, { working_days: [6] }, { ...SHORT, working_days: [6] }],
    ['to whole days', SHORT, { start_time: null, end_time: null }, { ...WHOLE_DAYS, working_days: [1, 2] }],
    ['to calling_hours replaces the short form', SHORT, { calling_hours: SPLIT }, LONG],
    [
      'to the short form replaces calling_hours, on weekdays unless days are given',
      LONG,
      { start_time: '09:00', end_time: '17:00' },
      { ...SHORT, working_days: WEEK },
    ],
    ['to the short form with days', LONG, { start_time: '09:00', end_time: '17:00', working_days: [1, 2] }, SHORT],
    ['to the short form of whole days', LONG, { start_time: null, end_time: null }, WHOLE_DAYS],
  ])('%s', (_, present, change, after) => {
    expect(changedHours(present, change)).toEqual(after);
  });

  it.each<[string, StatedHours, HoursChange, string, string]>([
    ['to both forms', SHORT, { calling_hours: SPLIT, working_days: [1] }, 'calling_hours', 'one of the two forms'],
    ['to days alone, which would open whole days', LONG, { working_days: [6] }, 'working_days', 'does not replace'],
    ['to one time over calling_hours', LONG, { start_time: '09:00' }, 'start_time', 'does not replace'],
    ['to one time over whole days', WHOLE_DAYS, { end_time: '18:00' }, 'start_time', 'start_time is missing'],
    ['to hours of no length', SHORT, { end_time: '09:00' }, 'end_time', 'must differ'],
  ])('%s is refused', (_, present, change, field, message) => {
    expect(() => changedHours(present, change)).toThrow(message);
    expect(() => changedHours(present, change)).toThrow(
      expect.objectContaining({ code: 'validation_error', field }) as Error,
    );
  });
});

describe('hours in words', () => {
  it.each([
    [{}, 'Mon-Fri the whole day (UTC)'],
    [{ timezone: 'Europe/Paris', calling_hours: SPLIT }, 'Mon-Fri 10:00-13:00, 14:00-20:00 (Europe/Paris)'],
    [
      { calling_hours: [...SPLIT, { days: [6], start: '10:00', end: '12:00' }], holidays: 'FR' },
      'Mon-Fri 10:00-13:00, 14:00-20:00; Sat 10:00-12:00 (UTC), except holidays of FR',
    ],
    [{ start_time: '22:00', end_time: '06:00', working_days: [1, 2, 3, 4, 5, 6, 7] }, 'every day 22:00-06:00 (UTC)'],
  ])('of %j', (stated, words) => {
    expect(hoursInWords(scheduleOf(stated))).toBe(words);
  });

  it.each([
    [[1], 'Mon'],
    [[3, 1], 'Mon, Wed'],
    [[7, 6, 1, 2, 3], 'Mon-Wed, Sat-Sun'],
  ])('name the days %j', (days, words) => {
    expect(daysInWords(days)).toBe(words);
  });
});
