import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkHours, Schedule, scheduleChangeShape, scheduleShape } from '../../../domain/windows/schedule.ts';

const hours = (start_time: unknown, end_time: unknown) => ({ start_time, end_time });

const MORNING = { days: [1, 2, 3, 4, 5], start: '09:00', end: '12:00' };

describe('a schedule', () => {
  it('has defaults for everything: weekdays, whole day, UTC', () => {
    expect(Schedule.parse({})).toEqual({
      timezone: 'UTC',
      calling_hours: null,
      start_time: null,
      end_time: null,
      working_days: null,
      blackout_dates: [],
      holidays: null,
      day_timezone: null,
    });
  });

  it.each([
    ['hours of the day', hours('09:00', '17:30')],
    ['an overnight window', hours('22:00', '06:00')],
    ['an end at midnight, written 24:00', hours('00:00', '24:00')],
    ['an end at midnight, written 00:00', hours('18:00', '00:00')],
    ['no hours, said outright', hours(null, null)],
    ['a leap day', { blackout_dates: ['2028-02-29'] }],
    ['every day', { working_days: [7, 6, 5, 4, 3, 2, 1] }],
    ['several windows', { calling_hours: [MORNING, { days: [6], start: '22:00', end: '02:00' }] }],
    ['a window of the whole day', { calling_hours: [{ days: [7], start: '00:00', end: '24:00' }] }],
    ['another zone for the day', { timezone: 'America/New_York', day_timezone: 'UTC' }],
  ])('takes %s as it stands', (_, input) => {
    expect(Schedule.parse(input)).toMatchObject(input);
  });

  it.each([
    ['hour of one digit', hours('9:00', '17:00'), 'start_time'],
    ['hour past 23', hours('25:00', '17:00'), 'start_time'],
    ['24:00 as a start', hours('24:00', '06:00'), 'start_time'],
    ['minutes past 59', hours('09:00', '17:60'), 'end_time'],
    ['past 24:00', hours('09:00', '24:01'), 'end_time'],
    ['seconds', hours('09:00', '17:00:00'), 'end_time'],
    ['spaces', hours(' 09:00', '17:00'), 'start_time'],
    ['other digits', hours('०९:००', '17:00'), 'start_time'],
    ['a number', hours(9, '17:00'), 'start_time'],
    ['equal hours', hours('09:00', '09:00'), 'end_time'],
    ['a start alone', { start_time: '09:00' }, 'end_time'],
    ['an end alone', { end_time: '09:00' }, 'start_time'],
    ['no working day', { working_days: [] }, 'working_days'],
    ['a working day twice', { working_days: [1, 1] }, 'working_days'],
    ['day 0', { working_days: [0, 1] }, 'working_days'],
    ['day 8', { working_days: [8] }, 'working_days'],
    ['half a day', { working_days: [1.5] }, 'working_days'],
    ['a day as text', { working_days: ['1'] }, 'working_days'],
    ['a date that does not exist', { blackout_dates: ['2026-02-29'] }, 'blackout_dates'],
    ['a date in another order', { blackout_dates: ['24-12-2026'] }, 'blackout_dates'],
    ['a date with a time', { blackout_dates: ['2026-12-24T00:00:00Z'] }, 'blackout_dates'],
    ['one date without a list', { blackout_dates: '2026-12-24' }, 'blackout_dates'],
    ['an unknown zone', { timezone: 'Europe/Atlantis' }, 'timezone'],
    ['an unknown zone of the day', { day_timezone: 'Europe/Atlantis' }, 'day_timezone'],
    ['a zone of the day that has no daylight saving', { day_timezone: 'EST' }, 'day_timezone'],
    ['a region in words', { holidays: 'France' }, 'holidays'],
    ['a list of regions', { holidays: ['FR'] }, 'holidays'],
    ['no window', { calling_hours: [] }, 'calling_hours'],
    ['51 windows', { calling_hours: Array.from({ length: 51 }, () => MORNING) }, 'calling_hours'],
    ['both forms', { calling_hours: [MORNING], working_days: [1] }, 'calling_hours'],
    ['both forms', { calling_hours: [MORNING], ...hours('09:00', '17:00') }, 'calling_hours'],
    ['an empty zone', { timezone: '' }, 'timezone'],
  ])('refuses %s and names the field', (_, input, field) => {
    const issues = Schedule.safeParse(input).error?.issues ?? [];
    expect(issues.map((issue) => issue.path[0])).toEqual([field]);
    expect(issues[0]?.message).toContain(field);
  });
});

describe('a window of calling_hours', () => {
  it.each([
    ['without days', { start: '09:00', end: '12:00' }, 'days', 'days'],
    ['on no day', { ...MORNING, days: [] }, 'days', 'days'],
    ['on a day twice', { ...MORNING, days: [1, 1] }, 'days', 'each once'],
    ['on day 8', { ...MORNING, days: [8] }, 'days', '1 (Monday) to 7 (Sunday)'],
    ['with a start at 24:00', { ...MORNING, start: '24:00' }, 'start', '"23:59"'],
    ['with an end past 24:00', { ...MORNING, end: '24:01' }, 'end', '"24:00"'],
    ['that ends as it starts', { ...MORNING, end: '09:00' }, 'end', 'must differ from start'],
    ['with another field', { ...MORNING, timezone: 'UTC' }, undefined, 'days, start and end, and nothing else'],
  ])('%s is refused, and the fault named', (_, window, field, message) => {
    const [issue] = Schedule.safeParse({ calling_hours: [MORNING, window] }).error?.issues ?? [];
    expect(issue?.path.slice(0, 3)).toEqual(['calling_hours', 1, ...(field === undefined ? [] : [field])]);
    expect(issue?.message).toContain(message);
  });
});

describe('a region of holidays', () => {
  it.each([
    ['FR', 'FR'],
    ['us-fl', 'US-FL'],
    ['de-by-a', 'DE-BY-A'],
  ])('is taken in any letter case: %s', (holidays, kept) => {
    expect(Schedule.parse({ holidays }).holidays).toBe(kept);
  });
});

describe('a time zone', () => {
  it.each([
    ['as written', 'Europe/Berlin', 'Europe/Berlin'],
    ['in the wrong letter case', 'america/new_york', 'America/New_York'],
    ['as an alias, which stays', 'US/Eastern', 'US/Eastern'],
    ['under a newer name than the runtime prefers', 'Asia/Kolkata', 'Asia/Kolkata'],
    ['as a daylight-saving rule with a name', 'EST5EDT', 'EST5EDT'],
    ['as an old name of a place', 'asia/calcutta', 'Asia/Calcutta'],
    ['as European rules with a name', 'cet', 'CET'],
    ['as a name for no offset', 'Etc/GMT+0', 'Etc/GMT+0'],
    ['as utc', 'utc', 'UTC'],
  ])('is taken %s', (_, written, kept) => {
    expect(Schedule.parse({ timezone: written }).timezone).toBe(kept);
  });

  it.each([
    '+02:00',
    '-0500',
    '+1',
    'UTC+1',
    'Z',
    'BST',
    'ist',
    'SystemV/EST5',
    'Europe/Berlin ',
    'Etc/Unknown',
    'Factory',
    'America_New_York',
    'local',
  ])('is refused when it is no IANA name: %s', (timezone) => {
    expect(Schedule.safeParse({ timezone }).error?.issues[0]?.message).toContain('IANA');
  });
});

describe('a zone name that means something else than it says', () => {
  it.each([
    ['EST', ['America/New_York', 'America/Panama', 'UTC-5']],
    ['est', ['America/New_York']],
    ['MST', ['America/Denver', 'America/Phoenix', 'UTC-7']],
    ['HST', ['Pacific/Honolulu']],
    ['Etc/GMT+5', ['America/Panama', 'Asia/Karachi', 'UTC-5']],
    ['etc/gmt-9', ['Asia/Tokyo', 'Pacific/Gambier', 'UTC+9']],
    ['Etc/GMT-14', ['Pacific/Kiritimati', 'UTC+14']],
    ['GMT+5', ['Asia/Karachi', 'UTC+5']],
    ['utc-03:00', ['America/Argentina/Buenos_Aires', 'UTC-3']],
    ['+05:30', ['Asia/Kolkata', 'UTC+5:30']],
    ['PST', ['America/Los_Angeles']],
    ['bst', ['Europe/London']],
  ])('is refused with the name to write: %s', (timezone, names) => {
    for (const schema of [Schedule, z.object(scheduleChangeShape)]) {
      const [issue] = schema.safeParse({ timezone }).error?.issues ?? [];
      expect(issue?.path).toEqual(['timezone']);
      for (const name of names) expect(issue?.message).toContain(name);
    }
  });

  it('is not repeated when it is long or nobody’s', () => {
    const [issue] = Schedule.safeParse({ timezone: `Etc/${'x'.repeat(10_000)}` }).error?.issues ?? [];
    expect(issue?.message.length).toBeLessThan(200);
  });
});

describe('the fields inside other schemas', () => {
  it('keep defaults and rules where they stand among others', () => {
    const Campaign = z.strictObject({ name: z.string(), ...scheduleShape }).superRefine(checkHours);
    expect(Campaign.parse({ name: 'n' })).toMatchObject({ timezone: 'UTC', blackout_dates: [] });
    expect(Campaign.safeParse({ name: 'n', start_time: '09:00' }).error?.issues[0]?.path).toEqual(['end_time']);
  });

  it('fill nothing in where they are a change', () => {
    const Change = z.strictObject(scheduleChangeShape);
    expect(Change.parse({})).toEqual({});
    expect(Change.parse({ start_time: null, timezone: 'utc' })).toEqual({ start_time: null, timezone: 'UTC' });
  });

  it('can be described as JSON Schema', () => {
    const { properties } = z.toJSONSchema(Schedule);
    expect(Object.keys(properties ?? {})).toEqual(Object.keys(scheduleShape));
  });
});
