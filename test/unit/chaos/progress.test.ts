/** The audit of campaigns that do nothing for a while. */
import { describe, expect, test } from 'vitest';
import type { CampaignEvidence, Lull } from '../../chaos/audit/evidence.ts';
import { person } from '../../chaos/people.ts';
import {
  accepted,
  body,
  edit,
  evidence,
  first,
  found,
  MINUTE,
  NOON,
  order,
  second,
  SECOND,
  seen,
  trouble,
} from '../../support/factories/chaos-evidence.ts';

describe('a lull of a minute and more', () => {
  const BEGIN = MINUTE;
  const END = 3 * MINUTE;
  const lull = (change: Partial<Lull> = {}): Lull => ({
    from: NOON + BEGIN,
    to: NOON + END,
    pending: [1, 2, 3].map((seq) => person(seq).phone_number),
    overdue: [],
    miscounted: [],
    latestDue: null,
    held: [],
    ...change,
  });
  const waiting = (waiting_for: string | null, until: number | null = null, status = 'active') => [
    seen(0, END, status, waiting_for, until),
  ];
  const still = (
    sightings: CampaignEvidence['sightings'],
    {
      lull: there = {},
      notes = {},
      ...change
    }: Partial<Omit<CampaignEvidence, 'notes'>> & {
      lull?: Partial<Lull>;
      notes?: Partial<CampaignEvidence['notes']>;
    } = {},
  ) => evidence({ sightings, lulls: [lull(there)], ...change }, notes);
  const ended = (at: number, restartedAt = Infinity) => ({
    terminations: [{ at: NOON + at, restartedAt: NOON + restartedAt }],
  });

  test.each<[string, CampaignEvidence, string[]]>([
    ['in which it calls', still(waiting(null), { accepted: [first, second, accepted(3, END - SECOND, 500)] }), []],
    ['without a call and without a reason', still(waiting(null)), ['P10']],
    ['in which nobody is left', still(waiting(null), { lull: { pending: [] } }), []],
    [
      'in which retries are due',
      still(waiting(null), { lull: { pending: [], overdue: [person(1).phone_number, person(2).phone_number] } }),
      ['P10'],
    ],
    [
      'in which retries are said not to be due',
      still(waiting('retry'), { lull: { pending: [], overdue: [person(1).phone_number, person(2).phone_number] } }),
      ['P10'],
    ],
    ['in which retries are not due', still(waiting('retry'), { lull: { pending: [] } }), []],
    ['that came before the campaign', still([seen(2 * MINUTE, END, 'active')]), []],
    [
      'that came after its end',
      still(waiting(null, null, 'completed'), { accepted: [], calls: [], contacts: [] }),
      ['P9', 'P8'],
    ],
    [
      'of a campaign that was paused',
      still(waiting(null, null, 'paused'), { notes: { orders: [order('pause', 0)] } }),
      [],
    ],
    ['of a campaign that nobody has paused', still(waiting(null, null, 'paused')), ['P10']],
    [
      'before the start',
      still(waiting('start', null, 'scheduled'), {
        accepted: [],
        calls: [],
        contacts: [],
        notes: body({ scheduled_at: new Date(NOON + END).toISOString() }),
      }),
      ['P9', 'P8'],
    ],
    [
      'after the start',
      still(waiting('start', null, 'scheduled'), { notes: body({ scheduled_at: new Date(NOON - 1).toISOString() }) }),
      ['P10'],
    ],
    ['outside the hours', still(waiting('window'), { notes: body({ start_time: '10:00', end_time: '12:01' }) }), []],
    ['inside the hours, which it takes to be over', still(waiting('window')), ['P10', 'P10']],
    ['at the cap', still(waiting('daily_cap'), { notes: body({ max_calls_per_day: 3 }) }), []],
    ['below the cap', still(waiting('daily_cap'), { notes: body({ max_calls_per_day: 4 }) }), ['P10']],
    [
      'held by a limit of 0',
      still(waiting('slot'), { notes: { edits: [edit(9_000, { max_concurrent_calls: 0 })] } }),
      [],
    ],
    ['with free slots that it takes to be full', still(waiting('slot')), ['P10']],
    [
      'after trouble at the provider',
      still(waiting('provider'), { trouble: [trouble(-SECOND), trouble(2 * MINUTE)] }),
      [],
    ],
    [
      'after a Retry-After of an hour',
      still(waiting('provider'), { trouble: [trouble(-50 * MINUTE, 'throttled', 60)] }),
      [],
    ],
    [
      'after a Retry-After of a year',
      still(waiting('provider'), { trouble: [trouble(-70 * MINUTE, 'throttled', 500_000)] }),
      ['P10', 'P10'],
    ],
    ['after trouble of the account', still(waiting('provider'), { trouble: [trouble(-3 * MINUTE, 'account')] }), []],
    ['with a provider that did nothing', still(waiting('provider')), ['P10', 'P10']],
    ['held by our own system', still(waiting('system')), ['P10']],
    [
      'of a workflow that was ended, which the record says',
      still(waiting(null, null, 'interrupted'), { notes: ended(0) }),
      [],
    ],
    ['of a workflow that was ended, which nobody has noticed', still(waiting(null), { notes: ended(0) }), ['P10']],
    ['of a workflow that was ended and started again in it', still(waiting(null), { notes: ended(0, END - 1) }), []],
    ['of a workflow that was started again before it', still(waiting(null), { notes: ended(0, 1) }), ['P10']],
    ['of a workflow that nobody has ended', still(waiting(null, null, 'interrupted')), ['P10']],
    [
      'after a cancel',
      still(waiting('window'), {
        notes: { ...body({ start_time: '10:00', end_time: '11:00' }), orders: [order('cancel', 0)] },
        accepted: [],
        calls: [],
        contacts: [],
      }),
      ['P9', 'P8', 'P10'],
    ],
    ['in which a call holds its slot', still(waiting(null), { lull: { pending: [], held: [first.key] } }), ['P7']],
    [
      'in which a retry is due in the year 2099',
      still(waiting('retry'), { lull: { pending: [], latestDue: Date.UTC(2099, 0) } }),
      ['P9'],
    ],
  ])('%s', (_name, given, expected) => {
    expect(found(given)).toEqual(expected);
  });
});

describe('a campaign that waits for its hours', () => {
  const at = (until: number, to = MINUTE) => evidence({ sightings: [seen(0, to, 'active', 'window', until)] });

  test.each<[string, CampaignEvidence, string[]]>([
    ['until tomorrow, although they are open', at(1_440 * MINUTE), ['P10']],
    ['for a moment, because the record lags behind', at(1_440 * MINUTE, 20 * SECOND), []],
    ['until in a moment', at(MINUTE + SECOND), []],
  ])('%s', (_name, given, expected) => {
    expect(found(given)).toEqual(expected);
  });
});
