import { describe, expect, test } from 'vitest';
import { assume, forecast, type ForecastAccount, type ForecastCampaign } from '../../../domain/forecast/forecast.ts';
import { ForecastResponse } from '../../../domain/forecast/response.ts';
import { OWN_HOURS } from '../../../domain/windows/group-hours.ts';
import { allSteps } from '../../support/all-steps.ts';
import { scheduleOf } from '../../support/factories/schedules.ts';

const MARGIN_MS = 10_000;
/** A Wednesday, eight in the morning in New York. */
const NOW = Date.parse('2026-03-18T12:00:00Z');
const OFFICE_HOURS = scheduleOf({ timezone: 'America/New_York', start_time: '10:00', end_time: '17:00' });

type Changes = Partial<Omit<ForecastCampaign, 'spec'>> & { readonly spec?: Partial<ForecastCampaign['spec']> };

function campaign({ spec, ...changes }: Changes = {}): ForecastCampaign {
  return {
    now: NOW,
    status: 'active',
    ending: false,
    endedAt: null,
    heldUntil: null,
    groups: [OWN_HOURS],
    pending: [600],
    inFlight: [],
    waiting: [],
    today: { day: '2026-03-18', placed: 0 },
    measured: null,
    ...changes,
    spec: {
      name: 'Reminders',
      agent_id: 'agent-1',
      connection: 'truedy',
      schedule: OFFICE_HOURS,
      scheduled_at: null,
      ends_at: null,
      max_concurrent_calls: 8,
      max_calls_per_day: null,
      retry: { budget: 0, delayMinutes: [60], on: ['no_answer'] },
      ...spec,
    },
  };
}

function forecastOf(
  changes: Changes,
  stated: { call_seconds?: number; retry_share?: number } = { call_seconds: 120 },
  callsPerSecond: number | null = null,
  callsInFlight: number | null = null,
  account?: ForecastAccount,
) {
  const input = campaign(changes);
  const connection = { dialMarginMs: MARGIN_MS, callsPerSecond, callsInFlight };
  return ForecastResponse.parse(allSteps(forecast(input, assume(stated, input.measured), connection, account)));
}

/** A forecast under limits of the account. */
const inAccount = (changes: Changes, limits: Partial<ForecastAccount>) =>
  forecastOf(changes, { call_seconds: 120 }, null, null, { callsInFlight: null, callsPerDay: null, ...limits });

const limits = ({ limited_by }: { limited_by: readonly { limit: string }[] }) => limited_by.map(({ limit }) => limit);

describe('a forecast', () => {
  test('follows from the slots and the length of a call, and names the slots', () => {
    const answer = forecastOf({ now: Date.parse('2026-03-18T14:00:00Z') });
    // 75 rounds of eight calls of two minutes and a moment: two and a half hours from ten o'clock.
    expect(answer).toMatchObject({ outcome: 'finishes', calls: 600, expires: 0, calling_days: 1, calls_per_day: 600 });
    expect(answer.finishes_at).toMatch(/^2026-03-18T16:30:2\d/);
    expect(limits(answer)).toEqual(['slot']);
  });

  test('follows from the calls per second of the connection where the slots allow more, and names them', () => {
    const now = Date.parse('2026-03-18T14:00:00Z');
    const answer = forecastOf({ now, spec: { max_concurrent_calls: 500 } }, { call_seconds: 120 }, 0.5);
    // One call every two seconds: the last of 600 begins after twenty minutes, and takes two.
    expect(answer).toMatchObject({ outcome: 'finishes', calls: 600 });
    expect(answer.finishes_at).toMatch(/^2026-03-18T14:2[0-3]/);
    expect(answer.limited_by[0]).toMatchObject({
      limit: 'connection',
      finishes_at_without: expect.stringMatching(/^2026-03-18T14:04/),
    });
  });

  test('does not name a rate that the slots do not let it reach', () => {
    const now = Date.parse('2026-03-18T14:00:00Z');
    const answer = forecastOf({ now }, { call_seconds: 120 }, 1);
    expect(answer.finishes_at).toMatch(/^2026-03-18T16:30:2\d/);
    expect(limits(answer)).toEqual(['slot']);
  });

  test('follows from the share of the connection where the slots allow more, and names it', () => {
    const now = Date.parse('2026-03-18T14:00:00Z');
    const answer = forecastOf({ now, spec: { max_concurrent_calls: 40 } }, { call_seconds: 120 }, null, 8);
    expect(answer.finishes_at).toMatch(/^2026-03-18T16:30:2\d/);
    expect(answer.limited_by[0]).toMatchObject({
      limit: 'connection',
      finishes_at_without: expect.stringMatching(/^2026-03-18T14:30/),
    });
    expect(limits(answer)).not.toContain('slot');
  });

  test('names the daily cap, and what it would be without', () => {
    const answer = forecastOf({ spec: { max_calls_per_day: 120 } });
    expect(answer.days).toEqual(['18', '19', '20', '23', '24'].map((day) => ({ date: `2026-03-${day}`, calls: 120 })));
    expect(answer.finishes_at).toMatch(/^2026-03-24T14:30/);
    expect(answer.limited_by[0]).toMatchObject({
      limit: 'daily_cap',
      finishes_at_without: expect.stringMatching(/^2026-03-18T16:30/),
    });
  });

  test('does not name a cap that the hours do not let it reach', () => {
    const answer = forecastOf({ pending: [5_000], spec: { max_calls_per_day: 4_000 } });
    expect(limits(answer)).not.toContain('daily_cap');
    expect(limits(answer)).toEqual(expect.arrayContaining(['slot', 'window']));
  });

  test('counts what was placed today against the cap', () => {
    const { days } = forecastOf({
      pending: [200],
      today: { day: '2026-03-18', placed: 100 },
      spec: { max_calls_per_day: 120 },
    });
    expect(days).toEqual([
      { date: '2026-03-18', calls: 20 },
      { date: '2026-03-19', calls: 120 },
      { date: '2026-03-20', calls: 60 },
    ]);
  });

  test('follows from the share in the account where the slots allow more, and names the account', () => {
    const now = Date.parse('2026-03-18T14:00:00Z');
    const answer = inAccount({ now, spec: { max_concurrent_calls: 40 } }, { callsInFlight: 8 });
    expect(answer.finishes_at).toMatch(/^2026-03-18T16:30:2\d/);
    expect(answer.limited_by[0]).toMatchObject({
      limit: 'account',
      finishes_at_without: expect.stringMatching(/^2026-03-18T14:30/),
    });
  });

  test('counts the calls of all campaigns of the account on its days', () => {
    const callsPerDay = { limit: 120, timezone: 'UTC', day: '2026-03-18', placed: 100 };
    const answer = inAccount({ pending: [200], spec: { max_calls_per_day: 130 } }, { callsPerDay });
    expect(answer.days).toEqual([
      { date: '2026-03-18', calls: 20 },
      { date: '2026-03-19', calls: 120 },
      { date: '2026-03-20', calls: 60 },
    ]);
    expect(answer.limited_by.find(({ limit }) => limit === 'account')).toMatchObject({
      finishes_at_without: expect.stringMatching(/^2026-03-19/),
    });
  });

  test('knows that a day of the account may begin while the hours are open', () => {
    // Midnight in Tokyo is an hour after the opening in New York.
    const callsPerDay = { limit: 120, timezone: 'Asia/Tokyo', day: '2026-03-18', placed: 0 };
    expect(inAccount({}, { callsPerDay }).days).toEqual([
      { date: '2026-03-18', calls: 240 },
      { date: '2026-03-19', calls: 120 },
      { date: '2026-03-20', calls: 120 },
      { date: '2026-03-23', calls: 120 },
    ]);
  });

  test('waits for the start, and names it', () => {
    const scheduled_at = Date.parse('2026-04-01T15:00:00Z');
    const answer = forecastOf({ status: 'scheduled', spec: { scheduled_at } });
    expect(answer.finishes_at).toMatch(/^2026-04-01T17:30/);
    expect(answer.limited_by[0]?.limit).toBe('start');
  });

  test('begins when the provider is to be called again, and names that', () => {
    const answer = forecastOf({
      now: Date.parse('2026-03-18T14:00:00Z'),
      heldUntil: Date.parse('2026-03-18T15:00:00Z'),
    });
    expect(answer.finishes_at).toMatch(/^2026-03-18T17:30/);
    expect(limits(answer)).toContain('provider');
  });

  test('says how many are not called before the end, and names what would help', () => {
    const ends_at = Date.parse('2026-03-18T15:00:00Z');
    const answer = forecastOf({ now: Date.parse('2026-03-18T14:00:00Z'), spec: { ends_at } });
    // 240 are called in the hour; the last round is followed to its end.
    expect(answer).toMatchObject({ outcome: 'expires', calls: 240, expires: 360 });
    expect(limits(answer)).toEqual(expect.arrayContaining(['ends_at', 'slot']));
    expect(answer.limited_by.find(({ limit }) => limit === 'ends_at')?.expires_without).toBe(0);
  });

  test('calls again those who are to be called again, after the delay', () => {
    const retry = { budget: 2, delayMinutes: [120], on: ['no_answer' as const] };
    const changes = {
      now: Date.parse('2026-03-18T14:00:00Z'),
      pending: [80],
      spec: { max_concurrent_calls: 80, retry },
    };
    const answer = forecastOf(changes, { call_seconds: 60, retry_share: 0.5 });
    expect(answer.calls).toBe(80 + 40 + 20);
    expect(answer.finishes_at).toMatch(/^2026-03-18T18:03/);
    expect(answer.limited_by[0]?.limit).toBe('retry');
  });

  test('goes on from how things stand: calls under way, retries that wait', () => {
    const answer = forecastOf({
      now: Date.parse('2026-03-18T14:00:00Z'),
      pending: [0],
      inFlight: [{ group: 0, attempt: 1, contacts: 8 }],
      waiting: [{ group: 0, attempt: 2, contacts: 3, dueAt: Date.parse('2026-03-18T16:00:00Z') }],
    });
    expect(answer).toMatchObject({ contacts: 11, calls: 3 });
    expect(answer.finishes_at).toMatch(/^2026-03-18T16:02/);
  });

  test('waits for the time of a first call, which is no retry', () => {
    const answer = forecastOf({
      now: Date.parse('2026-03-18T14:00:00Z'),
      pending: [1],
      waiting: [{ group: 0, attempt: 1, contacts: 3, dueAt: Date.parse('2026-03-18T16:00:00Z') }],
    });
    expect(answer).toMatchObject({ contacts: 4, calls: 4 });
    expect(answer.finishes_at).toMatch(/^2026-03-18T16:02/);
    expect(limits(answer)).not.toContain('retry');
  });

  test('says that hours never open, and that it is the hours', () => {
    const schedule = { ...OFFICE_HOURS, timezone: 'UTC', working_days: [7], blackout_dates: sundays() };
    const answer = forecastOf({ spec: { schedule } });
    expect(answer).toMatchObject({ outcome: 'never_opens', finishes_at: null, calls: 0, calls_per_day: null });
    expect(limits(answer)).toEqual(['window']);
  });

  test('says that a limit of 0 holds it', () => {
    const answer = forecastOf({ spec: { max_concurrent_calls: 0 } });
    expect(answer).toMatchObject({ outcome: 'held', finishes_at: null, calls: 0 });
    expect(limits(answer)).toEqual(['slot']);
  });

  test('does not know when a paused campaign finishes, and tells what a resume would make of it', () => {
    const answer = forecastOf({ status: 'paused', now: Date.parse('2026-03-18T14:00:00Z') });
    expect(answer).toMatchObject({ outcome: 'paused', finishes_at: null, calls: 0 });
    expect(answer.if_resumed_now).toMatchObject({ outcome: 'finishes', calls: 600 });
    expect(answer.if_resumed_now?.finishes_at).toMatch(/^2026-03-18T16:30/);
    expect(answer.limited_by).toEqual([
      { limit: 'paused', finishes_at_without: answer.if_resumed_now?.finishes_at, expires_without: 0 },
    ]);
  });

  test('does not know when a stop ends, and tells what its end would make of the campaign', () => {
    const answer = forecastOf({ stopped: true });
    expect(answer).toMatchObject({ outcome: 'stopped', status: 'active', finishes_at: null, calls: 0 });
    expect(answer.if_resumed_now).toMatchObject({ outcome: 'finishes', calls: 600 });
    expect(answer.limited_by).toMatchObject([{ limit: 'stopped' }]);
    expect(forecastOf({ stopped: true, status: 'paused' }).outcome).toBe('paused');
  });

  test('knows that a paused campaign with an end comes to it', () => {
    const ends_at = Date.parse('2026-03-20T00:00:00Z');
    const answer = forecastOf({ status: 'paused', spec: { ends_at } });
    expect(answer).toMatchObject({ outcome: 'expires', finishes_at: '2026-03-20T00:00:00.000Z', expires: 600 });
  });

  test('follows the live calls of a campaign that was told to end', () => {
    const answer = forecastOf({ ending: true, inFlight: [{ group: 0, attempt: 1, contacts: 2 }] });
    expect(answer).toMatchObject({ outcome: 'ending', calls: 0, expires: 600, limited_by: [] });
    expect(answer.finishes_at).toMatch(/^2026-03-18T12:02/);
  });

  test('has nothing to add to a campaign that has ended', () => {
    const endedAt = Date.parse('2026-03-17T18:00:00Z');
    const answer = forecastOf({ status: 'completed', pending: [0], endedAt });
    expect(answer).toMatchObject({ outcome: 'ended', finishes_at: '2026-03-17T18:00:00.000Z', calls: 0 });
  });

  test('looks five years ahead and no further', () => {
    const answer = forecastOf({ pending: [1_000_000], spec: { max_calls_per_day: 100 } });
    expect(answer).toMatchObject({ outcome: 'beyond_five_years', finishes_at: null, calls_per_day: 100 });
    expect(answer.days).toHaveLength(366);
    expect(limits(answer)).toEqual(['daily_cap']);
  });
});

describe('what a forecast assumes', () => {
  const measured = { calls: 20, seconds: 45.4, retryShare: 0.255 };

  test.each([
    ['states what was given', { call_seconds: 10, retry_share: 0 }, measured, [10, 'request', 0, 'request']],
    ['is measured where enough calls were', {}, measured, [45, 'measured', 0.26, 'measured']],
    ['is the default before that', {}, { ...measured, calls: 19 }, [120, 'default', 0.3, 'default']],
    ['is the default before there is a campaign', { retry_share: 0.1 }, null, [120, 'default', 0.1, 'request']],
  ])('%s', (_, stated, measured, expected) => {
    const { call_seconds, call_seconds_from, retry_share, retry_share_from } = assume(stated, measured);
    expect([call_seconds, call_seconds_from, retry_share, retry_share_from]).toEqual(expected);
  });
});

describe('a forecast of people with their own hours', () => {
  const contactHours = scheduleOf({ timezone: 'contact', start_time: '10:00', end_time: '17:00' });
  const east = { zones: ['America/New_York'], policies: [] };
  const west = { zones: ['America/Los_Angeles'], policies: [] };

  test('calls each group in its hours', () => {
    // Eight slots call some 240 people an hour. Those in the east are done by noon there, before the west opens.
    const answer = forecastOf({ groups: [east, west], pending: [400, 400], spec: { schedule: contactHours } });
    expect(answer).toMatchObject({ outcome: 'finishes', contacts: 800, calls: 800, calling_days: 1 });
    // 400 calls from ten o'clock in Los Angeles, which is 17:00 in UTC.
    expect(answer.finishes_at).toMatch(/^2026-03-18T18:4[0-9]/);
    expect(limits(answer)).toContain('window');
  });

  test('calls the groups that are open together in proportion to their people', () => {
    // Some 710 before the west opens. Of the 950 in the four hours that both have, 580 go to the 790 in the east. The west
    // is done afterwards, and the rest of the east on the next day.
    const answer = forecastOf({ groups: [east, west], pending: [1_500, 500], spec: { schedule: contactHours } });
    expect(answer.calling_days).toBe(2);
    expect(answer.days[0]?.calls).toBeGreaterThan(1_750);
    expect(answer.days[0]?.calls).toBeLessThan(1_850);
    expect(answer.finishes_at).toMatch(/^2026-03-19T1[45]/);
  });

  test('waits for a zone in which all of a number may be', () => {
    const both = { zones: ['America/New_York', 'America/Los_Angeles'], policies: [] };
    const answer = forecastOf({ groups: [both], pending: [8], spec: { schedule: contactHours } });
    // Ten o'clock in Los Angeles, while it is not yet five in New York.
    expect(answer.finishes_at).toMatch(/^2026-03-18T17:02/);
  });

  test('narrows the hours by policies', () => {
    const always = scheduleOf({ timezone: 'contact', working_days: [1, 2, 3, 4, 5, 6, 7] });
    const limited = { zones: ['America/Los_Angeles'], policies: ['us-tcpa'] };
    const answer = forecastOf({ groups: [limited], pending: [8], spec: { schedule: always } });
    // Nobody is called before eight in the called party's zone.
    expect(answer.finishes_at).toMatch(/^2026-03-18T15:02/);
    expect(limits(answer)).toContain('window');
  });

  test('says that it does not finish where a group never opens', () => {
    const never = scheduleOf({ timezone: 'contact', start_time: '09:00', end_time: '10:00' });
    const apart = { zones: ['America/New_York', 'Asia/Tokyo'], policies: [] };
    const answer = forecastOf({ groups: [east, apart], pending: [8, 8], spec: { schedule: never } });
    expect(['never_opens', 'beyond_five_years']).toContain(answer.outcome);
    expect(answer.calls).toBe(8);
  });
});

/** All within the horizon of the search for a window. */
function sundays(): string[] {
  const first = Date.parse('2026-03-22T00:00:00Z');
  return Array.from({ length: 80 }, (_, week) => new Date(first + week * 7 * 86_400_000).toISOString().slice(0, 10));
}
