import { describe, expect, it } from 'vitest';
import { type ContactRecord, heldBy, type Gate } from '../../../domain/api/contact-gate.ts';
import { Schedule } from '../../../domain/windows/schedule.ts';

/** A Wednesday. */
const NOW = Date.parse('2026-03-18T12:00:00Z');
const at = (instant: string) => Date.parse(instant);
const office = Schedule.parse({ start_time: '09:00', end_time: '17:00' });
const evening = Schedule.parse({ start_time: '18:00', end_time: '21:00' });
const never = Schedule.parse({ working_days: [3], blackout_dates: everyWednesday() });

function everyWednesday(): string[] {
  return Array.from({ length: 60 }, (_, week) => new Date(NOW + week * 7 * 86_400_000).toISOString().slice(0, 10));
}

interface Case extends Partial<Omit<ContactRecord, 'campaign'>> {
  readonly campaign?: Partial<ContactRecord['campaign']>;
}

function contact({ campaign, ...rest }: Case): ContactRecord {
  return {
    bucket: 'pending',
    dueAt: null,
    waitsFor: null,
    numberHeldUntil: null,
    suppressed: false,
    notAllowed: null,
    ...rest,
    campaign: {
      status: 'active',
      ending: false,
      stopped: false,
      waitingFor: null,
      waitingUntil: null,
      endsAt: null,
      schedule: office,
      ...campaign,
    },
  };
}

const retrying = (due: string) => ({ bucket: 'retrying', dueAt: at(due) }) as const;
const waiting = (waitingFor: ContactRecord['campaign']['waitingFor'], until: string | null) => ({
  waitingFor,
  waitingUntil: until === null ? null : at(until),
});

describe('the gate that holds a contact', () => {
  it.each<[string, Case, Gate | null, string | null]>([
    ['is none while it is called', { bucket: 'in_progress' }, null, null],
    ['is none once it is over', { bucket: 'skipped', campaign: { status: 'paused' } }, null, null],
    ['is its turn while calls are placed', {}, 'slot', null],
    ['is its turn when every slot is taken', { campaign: waiting('slot', null) }, 'slot', null],
    ['is its turn once its retry is due', retrying('2026-03-18T11:59:00Z'), 'slot', null],
    [
      'is the start of a scheduled campaign',
      { campaign: { status: 'scheduled', ...waiting('start', '2026-03-19T10:00:00Z') } },
      'start',
      '2026-03-19T10:00:00Z',
    ],
    [
      'is the start, and the window after it is counted in',
      { campaign: { status: 'scheduled', ...waiting('start', '2026-03-20T18:00:00Z') } },
      'start',
      '2026-03-23T09:00:00Z',
    ],
    [
      'is the start of one that is about to begin',
      { campaign: waiting('start', null) },
      'start',
      '2026-03-18T12:00:00Z',
    ],
    ['is the window outside the hours', { campaign: { schedule: evening } }, 'window', '2026-03-18T18:00:00Z'],
    [
      'is the window in its last moments',
      { campaign: waiting('window', '2026-03-19T09:00:00Z') },
      'window',
      '2026-03-19T09:00:00Z',
    ],
    [
      'is not a window that has opened since it was recorded',
      { campaign: waiting('window', '2026-03-18T09:00:00Z') },
      'slot',
      null,
    ],
    ['is a window that never opens', { campaign: { schedule: never } }, 'window', null],
    [
      'is the daily cap',
      { campaign: waiting('daily_cap', '2026-03-19T09:00:00Z') },
      'daily_cap',
      '2026-03-19T09:00:00Z',
    ],
    ['is the daily cap, until nobody knows', { campaign: waiting('daily_cap', null) }, 'daily_cap', null],
    ['is the account', { campaign: waiting('account', '2026-03-19T09:00:00Z') }, 'account', '2026-03-19T09:00:00Z'],
    ['is the account, until calls end', { campaign: waiting('account', null) }, 'account', null],
    ['is the provider', { campaign: waiting('provider', '2026-03-18T12:00:30Z') }, 'provider', '2026-03-18T12:00:30Z'],
    ['is no provider whose hold has passed', { campaign: waiting('provider', '2026-03-18T11:59:00Z') }, 'slot', null],
    [
      'is the connection',
      { campaign: waiting('connection', '2026-03-18T12:05:00Z') },
      'connection',
      '2026-03-18T12:05:00Z',
    ],
    ['is no connection whose turn has come', { campaign: waiting('connection', '2026-03-18T11:59:00Z') }, 'slot', null],
    ['is its number', { numberHeldUntil: at('2026-03-18T13:00:00Z') }, 'number', '2026-03-18T13:00:00Z'],
    [
      'is its number where its first call waits for it',
      { dueAt: at('2026-03-18T13:00:00Z'), waitsFor: 'number' },
      'number',
      '2026-03-18T13:00:00Z',
    ],
    [
      'is its number, and the window after it is counted in',
      { ...retrying('2026-03-18T13:00:00Z'), numberHeldUntil: at('2026-03-18T18:00:00Z') },
      'number',
      '2026-03-19T09:00:00Z',
    ],
    ['is its turn once its number may be called', { numberHeldUntil: NOW }, 'slot', null],
    ['is its retry', retrying('2026-03-18T13:00:00Z'), 'retry', '2026-03-18T13:00:00Z'],
    [
      'is its retry, which waits for the next window',
      retrying('2026-03-18T17:00:00Z'),
      'retry',
      '2026-03-19T09:00:00Z',
    ],
    [
      'is the window where its retry is due earlier',
      { ...retrying('2026-03-18T13:00:00Z'), campaign: { schedule: evening } },
      'window',
      '2026-03-18T18:00:00Z',
    ],
    [
      'is the daily cap where its retry is due earlier',
      { ...retrying('2026-03-18T13:00:00Z'), campaign: waiting('daily_cap', '2026-03-19T09:00:00Z') },
      'daily_cap',
      '2026-03-19T09:00:00Z',
    ],
    [
      'is its retry where the provider is asked again earlier',
      { ...retrying('2026-03-18T13:00:00Z'), campaign: waiting('provider', '2026-03-18T12:00:30Z') },
      'retry',
      '2026-03-18T13:00:00Z',
    ],
    [
      'leads nowhere where the campaign ends before it opens',
      { campaign: { schedule: evening, endsAt: at('2026-03-18T18:00:00Z') } },
      'window',
      null,
    ],
    ['is the pause', { campaign: { status: 'paused', schedule: evening } }, 'paused', null],
    [
      'is the suppression list, paused or not',
      { suppressed: true, campaign: { status: 'paused' } },
      'suppressed',
      null,
    ],
    [
      'is what the connection does not allow, paused or not',
      { notAllowed: 'country_not_allowed', campaign: { status: 'paused' } },
      'country_not_allowed',
      null,
    ],
    [
      'is the suppression list before what the connection does not allow',
      { suppressed: true, notAllowed: 'number_type_not_allowed' },
      'suppressed',
      null,
    ],
    ['is the end of a cancelled campaign', { suppressed: true, campaign: { ending: true } }, 'ending', null],
    ['is the end once ends_at has passed', { campaign: { endsAt: NOW } }, 'ending', null],
    ['is the end of a campaign that failed', { campaign: { status: 'failed' } }, 'ending', null],
  ])('%s', (_, record, by, until) => {
    expect(heldBy(contact(record), NOW)).toEqual({ by, until: until === null ? null : at(until) });
  });
});
