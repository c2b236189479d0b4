/** The audit of people with their own hours, of those who come and go, and of calls at a time that was asked for. */
import { describe, expect, test } from 'vitest';
import type { CampaignEvidence } from '../../chaos/audit/evidence.ts';
import type { NotedOrder } from '../../chaos/notes.ts';
import { person } from '../../chaos/people.ts';
import {
  accepted,
  body,
  CALLS,
  contact,
  contactId,
  evidence,
  first,
  found,
  MINUTE,
  NOON,
  record,
  second,
  SECOND,
  seen,
  third,
} from '../../support/factories/chaos-evidence.ts';

describe('people with their own hours and times', () => {
  /** Noon in UTC is eight in New York and nine in the evening in Tokyo. */
  const zoned = (zones: string[], change: Partial<CampaignEvidence['notes']['body']> = {}) =>
    body({
      timezone: 'contact',
      day_timezone: 'UTC',
      start_time: '11:00',
      end_time: '13:00',
      contacts: [1, 2, 3].map((seq) => ({ ...person(seq), timezone: zones[seq - 1] ?? 'Europe/London' })),
      ...change,
    });
  const timed = (ms: number) =>
    [1, 2, 3].map((seq) => ({ ...person(seq), ...(seq === 3 ? { not_before: iso(ms) } : {}) }));
  const iso = (ms: number) => new Date(NOON + ms).toISOString();
  const change = (at: number, taken: NotedOrder['taken'] = 'yes') => {
    return { sentAt: NOON + at, answeredAt: NOON + at + 100, taken };
  };
  const callback = (at: number, callAt: number, taken: NotedOrder['taken'] = 'yes') => {
    return { phoneNumber: third.phone_number, callAt: NOON + callAt, ...change(at, taken) };
  };
  const removal = (seq: number, at: number, taken: NotedOrder['taken'] = 'yes') => {
    return { contactId: contactId(seq), phoneNumber: person(seq).phone_number, ...change(at, taken) };
  };
  const addition = (seq: number, taken: NotedOrder['taken'] = 'yes') => {
    return { people: [person(seq)], ...change(0, taken) };
  };
  const ofFour = { status: 'completed', total: 4, buckets: { completed: 4, in_progress: 0 }, workflow: 'COMPLETED' };
  const four = evidence({ accepted: [...CALLS, accepted(4, 5 * SECOND, SECOND)], record: ofFour });
  const withoutThird = {
    accepted: [first, second],
    contacts: [
      contact(1, 'completed', 'completed'),
      contact(2, 'completed', 'completed'),
      contact(3, 'skipped', 'removed'),
    ],
    record: record('completed', { completed: 2, skipped: 1 }),
  };

  test.each<[string, CampaignEvidence, string[]]>([
    ['calls inside the hours of each person', evidence({}, zoned([])), []],
    ['a call outside the hours of one', evidence({}, zoned(['Europe/London', 'Asia/Tokyo'])), ['P3', 'P3']],
    [
      'calls inside one of several windows',
      evidence(
        {},
        zoned(['Europe/London', 'Asia/Tokyo', 'America/New_York'], {
          start_time: null,
          end_time: null,
          working_days: null,
          calling_hours: [
            { days: [3], start: '07:30', end: '08:30' },
            { days: [3], start: '11:00', end: '13:00' },
            { days: [3], start: '20:30', end: '21:30' },
          ],
        }),
      ),
      [],
    ],
    ['a call before the time on the row', evidence({}, body({ contacts: timed(9_000) })), ['P3']],
    ['a call after the time on the row', evidence({}, body({ contacts: timed(1_000) })), []],
    ['a call before the time of a callback', evidence({}, { callbacks: [callback(0, 9_000)] }), ['P3']],
    ['a call before a callback that was refused', evidence({}, { callbacks: [callback(0, 9_000, 'no')] }), []],
    ['a call before a callback that nobody answered', evidence({}, { callbacks: [callback(0, 9_000, 'unknown')] }), []],
    ['a call before a callback that came later', evidence({}, { callbacks: [callback(2_500, 9_000)] }), []],
    [
      'a call after the earlier of two callbacks, of which one was never answered',
      evidence({}, { callbacks: [callback(0, 1_000, 'unknown'), callback(200, 9_000)] }),
      [],
    ],
    [
      'a callback that moved a call to an earlier time than that on the row',
      evidence({}, { ...body({ contacts: timed(9_000) }), callbacks: [callback(0, 1_000)] }),
      [],
    ],
    [
      'a retry that was moved before its time',
      evidence(
        { accepted: [accepted(3, 0, 500), second, accepted(3, 1_500, 500, { attempt: 2 }), accepted(1, 4_000, 500)] },
        { callbacks: [callback(600, 1_000)] },
      ),
      [],
    ],
    ['a call to somebody who was taken out', evidence({}, { removals: [removal(3, 0)] }), ['P9', 'P9']],
    ['a removal that was refused', evidence({}, { removals: [removal(3, 0, 'no')] }), []],
    ['a removal without an answer, which came too late', evidence({}, { removals: [removal(3, 0, 'unknown')] }), []],
    ['somebody who was taken out', evidence(withoutThird, { removals: [removal(3, 0)] }), []],
    [
      'somebody who was taken out without an answer',
      evidence(withoutThird, { removals: [removal(3, 0, 'unknown')] }),
      [],
    ],
    ['somebody who was taken out by nobody', evidence(withoutThird), ['P9']],
    ['somebody who was added', { ...four, notes: { ...four.notes, additions: [addition(4)] } }, []],
    [
      'somebody who may have been added',
      { ...four, notes: { ...four.notes, additions: [addition(4, 'unknown')] } },
      [],
    ],
    [
      'somebody whose addition was refused',
      { ...four, notes: { ...four.notes, additions: [addition(4, 'no')] } },
      ['P9'],
    ],
    ['somebody who was added and is not there', evidence({}, { additions: [addition(4)] }), ['P9']],
    ['somebody who was not added after all', evidence({}, { additions: [addition(4, 'unknown')] }), []],
    ['somebody who was added twice', evidence({}, { additions: [addition(3)] }), []],
    [
      'somebody else in the place of one',
      evidence({ contacts: [1, 2, 4].map((seq) => contact(seq, 'completed', 'completed')), accepted: CALLS }),
      ['P9', 'P9'],
    ],
  ])('%s', (_name, given, expected) => {
    expect(found(given)).toEqual(expected);
  });

  const lullOf = (zones: string[], waitingFor: string | null, miscounted: string[] = []) =>
    evidence(
      {
        sightings: [seen(0, 3 * MINUTE, 'active', waitingFor, 60 * MINUTE)],
        lulls: [
          {
            from: NOON + MINUTE,
            to: NOON + 3 * MINUTE,
            pending: [third.phone_number],
            overdue: [],
            latestDue: null,
            held: [],
            miscounted,
          },
        ],
      },
      zoned(zones),
    );
  const AWAY = ['Europe/London', 'Europe/London', 'Asia/Tokyo'];

  test.each<[string, CampaignEvidence, string[]]>([
    ['while who waits is outside their hours', lullOf(AWAY, 'window'), ['P3', 'P3']],
    ['while who waits is inside their hours', lullOf([], 'window'), ['P10', 'P10']],
    ['without a reason while who waits is inside their hours', lullOf([], null), ['P10']],
    ['in which the counters are wrong', lullOf(AWAY, 'window', ['the count is wrong']), ['P3', 'P3', 'P8']],
  ])('a lull %s', (_name, given, expected) => {
    expect(found(given)).toEqual(expected);
  });
});
