import { describe, expect, it } from 'vitest';
import { campaignTerms, CreateCampaign, engineSpec } from '../../../domain/api/campaign-request.ts';
import { refuseExpired } from '../../../domain/api/campaign-terms.ts';
import { RingfenceError } from '../../../domain/engine/errors.ts';

const FOLDER = '5f0c7a0e-2f63-4c55-9a0e-0a4a4f6f1c11';
const smallest = { name: 'Reminders', agent_id: 'agent-1', contacts: [{ phone_number: '+14155550132' }] };
const fromFolder = { name: 'Reminders', agent_id: 'agent-1', contact_source: 'folder', contact_folder_id: FOLDER };

describe('the body that creates a campaign', () => {
  it('takes the provider documentation’s own example unchanged', () => {
    const body = {
      name: 'Scaling Test Campaign',
      agent_id: '1f4baf16-1540-4d91-9696-7f34b2f2cb77',
      contact_source: 'folder',
      contact_folder_id: FOLDER,
      schedule_type: 'scheduled',
      scheduled_at: '2026-03-20T14:30:00Z',
      timezone: 'America/New_York',
      start_time: '10:00',
      end_time: '17:00',
      working_days: [1, 2, 3, 4, 5],
      max_concurrent_calls: 8,
      max_calls_per_day: 120,
    };
    expect(CreateCampaign.parse(body)).toMatchObject(body);
  });

  it('fills in the documented defaults', () => {
    expect(CreateCampaign.parse(smallest)).toEqual({
      ...smallest,
      connection: null,
      phone_number_ids: [],
      phone_rotation_strategy: null,
      policy: [],
      contact_source: 'manual',
      contact_folder_id: null,
      contact_ids: [],
      schedule_type: 'immediate',
      scheduled_at: null,
      ends_at: null,
      timezone: 'UTC',
      start_time: null,
      end_time: null,
      calling_hours: null,
      working_days: [1, 2, 3, 4, 5],
      blackout_dates: [],
      holidays: null,
      day_timezone: null,
      unknown_zone: 'skip',
      max_concurrent_calls: 10,
      max_calls_per_day: null,
      open_ended: false,
      retry_failed: false,
      max_retry_attempts: 0,
      retry_delay_minutes: 60,
      retry_on: ['no_answer', 'busy', 'failed'],
    });
  });

  it.each<[string, object, string]>([
    ['no name', { ...smallest, name: undefined }, 'name'],
    ['an empty name', { ...smallest, name: '  ' }, 'name'],
    ['a name of 256 characters', { ...smallest, name: 'x'.repeat(256) }, 'name'],
    ['no agent', { ...smallest, agent_id: '' }, 'agent_id'],
    ['nobody to call', { ...smallest, contacts: [] }, 'contacts'],
    ['a folder without its id', { ...fromFolder, contact_folder_id: undefined }, 'contact_folder_id'],
    ['a folder beside manual contacts', { ...smallest, contact_folder_id: FOLDER }, 'contact_folder_id'],
    ['contacts beside a folder', { ...fromFolder, contacts: smallest.contacts }, 'contacts'],
    ['contact ids beside a folder', { ...fromFolder, contact_ids: [FOLDER] }, 'contact_ids'],
    ['an unknown source', { ...smallest, contact_source: 'crm' }, 'contact_source'],
    ['a scheduled start without an instant', { ...smallest, schedule_type: 'scheduled' }, 'scheduled_at'],
    ['an instant for an immediate start', { ...smallest, scheduled_at: '2026-03-20T14:30:00Z' }, 'scheduled_at'],
    ['a start without an offset', { ...smallest, scheduled_at: '2026-03-20T14:30:00' }, 'scheduled_at'],
    ['a start on a day that does not exist', { ...smallest, scheduled_at: '2026-02-30T14:30:00Z' }, 'scheduled_at'],
    [
      'an end before the start',
      {
        ...smallest,
        schedule_type: 'scheduled',
        scheduled_at: '2026-03-20T14:30:00+01:00',
        ends_at: '2026-03-20T13:30:00Z',
      },
      'ends_at',
    ],
    ['an abbreviation as time zone', { ...smallest, timezone: 'EDT' }, 'timezone'],
    ['one of the two hours', { ...smallest, start_time: '10:00' }, 'end_time'],
    ['no concurrency', { ...smallest, max_concurrent_calls: 0 }, 'max_concurrent_calls'],
    ['a limit written as text', { ...smallest, max_concurrent_calls: '8' }, 'max_concurrent_calls'],
    ['unbounded concurrency', { ...smallest, max_concurrent_calls: 100_000 }, 'max_concurrent_calls'],
    ['a cap of nothing', { ...smallest, max_calls_per_day: 0 }, 'max_calls_per_day'],
    ['eleven retries', { ...smallest, max_retry_attempts: 11 }, 'max_retry_attempts'],
    ['a negative delay', { ...smallest, retry_delay_minutes: -1 }, 'retry_delay_minutes'],
    ['no delays in the list', { ...smallest, retry_delay_minutes: [] }, 'retry_delay_minutes'],
    ['retries of completed calls', { ...smallest, retry_on: ['completed'] }, 'retry_on'],
    ['retries of lost calls', { ...smallest, retry_on: ['lost'] }, 'retry_on'],
    ['retries of invalid numbers', { ...smallest, retry_on: ['busy', 'invalid_number'] }, 'retry_on'],
  ])('refuses %s and names the field', (_, body, field) => {
    const parsed = CreateCampaign.safeParse(body);
    const issues = parsed.error?.issues ?? [];
    expect(issues.map(({ path }) => path[0])).toContain(field);
    for (const { message } of issues) expect(message).toContain(field);
  });

  it('refuses an unknown field by name, so that a misspelt limit does not become no limit', () => {
    const parsed = CreateCampaign.safeParse({ ...smallest, max_calls_per_days: 5 });
    expect(parsed.error?.issues).toMatchObject([{ message: expect.stringContaining('max_calls_per_days') }]);
  });
});

describe('what the engine gets of a request', () => {
  const specOf = (more: object) => engineSpec(campaignTerms(CreateCampaign.parse({ ...smallest, ...more }), 'truedy'));

  it('holds instants in milliseconds and a list of delays', () => {
    const start = { schedule_type: 'scheduled', scheduled_at: '2026-03-20T14:30:00+02:00' };
    expect(specOf({ ...start, max_retry_attempts: 2, retry_delay_minutes: 5 })).toMatchObject({
      scheduled_at: Date.UTC(2026, 2, 20, 12, 30),
      ends_at: null,
      max_calls_per_day: null,
      retry: { budget: 2, delayMinutes: [5], on: ['no_answer', 'busy', 'failed'] },
    });
  });

  it.each<[string, object, number]>([
    ['retries when there is a number of them', { max_retry_attempts: 3 }, 3],
    ['does not when they are turned off', { max_retry_attempts: 3, retry_failed: false }, 0],
    ['does not when there is none', { max_retry_attempts: 0 }, 0],
    ['retries once when no number is given', { retry_failed: true }, 1],
  ])('%s', (_, more, budget) => {
    expect(specOf(more).retry.budget).toBe(budget);
  });

  it('holds nobody’s data', () => {
    const request = CreateCampaign.parse({
      ...smallest,
      contacts: [{ phone_number: '+14155550132', first_name: 'Ada', email: 'ada@example.com' }],
    });
    const text = JSON.stringify([campaignTerms(request, 'truedy'), engineSpec(campaignTerms(request, 'truedy'))]);
    for (const personal of ['415555', 'Ada', 'ada@']) expect(text).not.toContain(personal);
  });
});

describe('a request against the clock', () => {
  const now = Date.UTC(2026, 2, 20);
  const termsOf = (more: object) => campaignTerms(CreateCampaign.parse({ ...smallest, ...more }), 'truedy');

  it('is refused when its end has passed', () => {
    expect(() => refuseExpired(termsOf({ ends_at: '2026-03-20T00:00:00Z' }), now)).toThrow(RingfenceError);
  });

  it('is taken when its start has passed: it starts at once', () => {
    const past = { schedule_type: 'scheduled', scheduled_at: '2020-01-01T00:00:00Z' };
    expect(() => refuseExpired(termsOf(past), now)).not.toThrow();
  });
});
