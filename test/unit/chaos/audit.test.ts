import { describe, expect, test } from 'vitest';
import { auditCampaign, countByPromise } from '../../chaos/audit/audit.ts';
import type {
  AcceptedCall,
  CampaignEvidence,
  Lull,
  ProviderTrouble,
  RecordedCall,
  Sighting,
} from '../../chaos/audit/evidence.ts';
import { PROMISES } from '../../chaos/audit/finding.ts';
import { busiestStretch } from '../../chaos/audit/hot-loop.ts';
import { personalDataAt, textsIn } from '../../chaos/audit/privacy.ts';
import { termsAt } from '../../chaos/audit/terms.ts';
import type { NotedEdit, NotedOrder, NotedPause } from '../../chaos/notes.ts';
import { person } from '../../chaos/people.ts';

const ID = '11111111-2222-8333-8444-555555555555';
/** A Wednesday, noon in UTC. */
const NOON = Date.UTC(2026, 2, 18, 12);
const SECOND = 1_000;

function accepted(seq: number, at: number, lasts: number | null, change: Partial<AcceptedCall> = {}): AcceptedCall {
  const attempt = change.attempt ?? 1;
  return {
    id: `p${seq}.${attempt}`,
    key: `${ID}.${seq}.${attempt}`,
    seq,
    attempt,
    lookedUpAs: null,
    phone_number: person(seq).phone_number,
    accepted_at: NOON + at,
    dialled_at: NOON + at + 100,
    ended_at: lasts === null ? null : NOON + at + lasts,
    outcome: lasts === null ? null : 'completed',
    endedTwice: false,
    mistold: false,
    hasDouble: false,
    stray: null,
    ...change,
  };
}

function recorded(call: AcceptedCall, change: Partial<RecordedCall> = {}): RecordedCall {
  const settled_at = call.ended_at === null ? null : call.ended_at + SECOND;
  return {
    id: call.key,
    sent: true,
    sent_at: call.accepted_at - 50,
    accepted_at: call.accepted_at + 50,
    linked: true,
    not_placed_reason: null,
    outcome: call.outcome,
    ended_at: call.ended_at,
    settled_at,
    ...change,
  };
}

function contactId(seq: number): string {
  return `contact ${seq}`;
}

const CALLS = [accepted(1, 0, 2 * SECOND), accepted(2, SECOND, 2 * SECOND), accepted(3, 2 * SECOND, 2 * SECOND)];

/** Three contacts, called one after the other with two at once, and nothing wrong. */
function evidence(change: Partial<CampaignEvidence> = {}, notes: Partial<CampaignEvidence['notes']> = {}) {
  const calls = change.accepted ?? CALLS;
  const last = new Map(calls.map((call) => [call.seq, call]));
  return {
    notes: {
      id: ID,
      label: 'case',
      body: {
        name: 'case',
        agent_id: 'agent',
        contacts: [1, 2, 3].map(person),
        max_concurrent_calls: 2,
        max_retry_attempts: 1,
        retry_delay_minutes: 0.05,
        working_days: [1, 2, 3, 4, 5],
      },
      pauses: [],
      orders: [],
      edits: [],
      additions: [],
      removals: [],
      callbacks: [],
      terminations: [],
      resets: [],
      ...notes,
    },
    longestCallMs: 26 * SECOND,
    accepted: calls,
    calls: calls.map((call) => recorded(call)),
    contacts: [...last.values()].map(({ seq, attempt, outcome }) => ({
      contact_id: contactId(seq),
      seq,
      attempt,
      phone_number: person(seq).phone_number,
      bucket: 'completed',
      reason: outcome,
    })),
    record: { status: 'completed', total: 3, buckets: { completed: 3, in_progress: 0 }, workflow: 'COMPLETED' },
    ends: new Map(calls.map(({ id, ended_at }) => [id, [{ outcome: 'completed', at: (ended_at ?? 0) + 100 }]])),
    suppressed: new Map(),
    sightings: [],
    lulls: [],
    trouble: [],
    ...change,
  } satisfies CampaignEvidence;
}

function body(change: Partial<CampaignEvidence['notes']['body']>): Partial<CampaignEvidence['notes']> {
  return { body: { ...evidence().notes.body, ...change } };
}

function edit(at: number, change: NotedEdit['change'], taken: NotedEdit['taken'] = 'yes'): NotedEdit {
  return { sentAt: NOON + at, answeredAt: NOON + at + 100, change, taken };
}

function pause(at: number, resumed: number, live: string[], unknown: string[] = []): NotedPause {
  return { pausedAt: NOON + at, acknowledgedAt: NOON + at + 10, resumedAt: NOON + resumed, live, unknown };
}

function order(kind: NotedOrder['kind'], at: number, taken: NotedOrder['taken'] = 'yes'): NotedOrder {
  return { kind, sentAt: NOON + at, answeredAt: NOON + at + 100, taken };
}

function record(status: string, buckets: Record<string, number>) {
  return { status, total: 3, buckets, workflow: 'COMPLETED' };
}

const MINUTE = 60 * SECOND;

function seen(
  from: number,
  to: number,
  status: string,
  waiting_for: string | null = null,
  until: number | null = null,
): Sighting {
  return { from: NOON + from, to: NOON + to, status, waiting_for, until: until === null ? null : NOON + until };
}

function trouble(
  at: number,
  kind: ProviderTrouble['kind'] = 'other',
  retryAfterMinutes: number | null = null,
): ProviderTrouble {
  return { at: NOON + at, kind, retryAfterMs: retryAfterMinutes === null ? null : retryAfterMinutes * MINUTE };
}

const found = (given: CampaignEvidence) => auditCampaign(given).map(({ promise }) => promise);
const [first, second, third] = CALLS as [AcceptedCall, AcceptedCall, AcceptedCall];
const contact = (seq: number, bucket: string, reason: string | null, attempt = 1) => ({
  contact_id: contactId(seq),
  seq,
  attempt,
  phone_number: person(seq).phone_number,
  bucket,
  reason,
});

describe('the audit of a campaign', () => {
  test.each<[string, CampaignEvidence, string[]]>([
    ['nothing', evidence(), []],
    ['a call too many at once', evidence({}, body({ max_concurrent_calls: 1 })), ['P1', 'P1']],
    ['a call after the limit was lowered', evidence({}, { edits: [edit(1_200, { max_concurrent_calls: 1 })] }), ['P1']],
    [
      'a call while the limit is being lowered',
      evidence({}, { edits: [edit(1_950, { max_concurrent_calls: 1 })] }),
      [],
    ],
    ['a lower limit that was refused', evidence({}, { edits: [edit(0, { max_concurrent_calls: 1 }, 'no')] }), []],
    [
      'a lower limit that may have been taken',
      evidence({}, { edits: [edit(0, { max_concurrent_calls: 1 }, 'unknown')] }),
      [],
    ],
    [
      'a higher limit, given again and again without an answer',
      evidence({}, { edits: Array.from({ length: 40 }, () => edit(0, { max_concurrent_calls: 3 }, 'unknown')) }),
      [],
    ],
    ['a call above the cap', evidence({}, body({ max_calls_per_day: 2 })), ['P2']],
    [
      'as many calls on either side of a midnight',
      // At UTC-12 a day begins at noon in UTC.
      evidence(
        { accepted: CALLS.map(({ seq }, index) => accepted(seq, -SECOND + index * 600, 100)) },
        body({ max_calls_per_day: 2, timezone: 'Etc/GMT+12' }),
      ),
      [],
    ],
    ['calls outside the hours', evidence({}, body({ start_time: '12:01', end_time: '13:00' })), Array(6).fill('P3')],
    ['overnight hours', evidence({}, body({ start_time: '13:00', end_time: '12:01', working_days: [2] })), []],
    [
      'overnight hours of a day that is none of the working days',
      evidence({ accepted: [first] }, body({ start_time: '13:00', end_time: '12:01', working_days: [3] })),
      ['P3', 'P3', 'P9', 'P8'],
    ],
    ['a call before the start', evidence({}, body({ scheduled_at: new Date(NOON + 500).toISOString() })), ['P3']],
    ['a call long after the end', evidence({}, body({ ends_at: new Date(NOON - 9_500).toISOString() })), ['P3', 'P3']],
    ['a call in a pause', evidence({}, { pauses: [pause(1_500, 3_000, [first.key, second.key])] }), ['P4']],
    [
      'a call in a pause that named it as unknown',
      evidence({}, { pauses: [pause(1_500, 3_000, [first.key, second.key], [third.key])] }),
      [],
    ],
    [
      'a call in a pause that named it as unknown, long after it could have been sent',
      evidence(
        { accepted: [first, second, accepted(3, 60_000, 2 * SECOND)] },
        { pauses: [pause(1_500, 90_000, [first.key, second.key], [third.key])] },
      ),
      ['P4'],
    ],
    [
      'a call in a pause after a resume whose answer is still out',
      evidence(
        {},
        {
          pauses: [pause(1_500, 3_000, [first.key, second.key])],
          orders: [order('resume', -20_000, 'unknown')],
        },
      ),
      [],
    ],
    [
      'a call in a pause after a resume that was answered',
      evidence({}, { pauses: [pause(1_500, 3_000, [first.key, second.key])], orders: [order('resume', -20_000)] }),
      ['P4'],
    ],
    ['a pause that was over', evidence({}, { pauses: [pause(1_500, 1_800, [first.key, second.key])] }), []],
    ['a live call that a pause did not name', evidence({}, { pauses: [pause(1_500, 1_800, [first.key])] }), ['P4']],
    ['a number that was suppressed', evidence({ suppressed: new Map([[third.phone_number, NOON - 9_000]]) }), ['P9']],
    ['a number that is being suppressed', evidence({ suppressed: new Map([[third.phone_number, NOON]]) }), []],
    [
      'a key that was accepted twice',
      evidence({ accepted: [first, second, third, { ...third, accepted_at: NOON + 9_000, ended_at: NOON + 9_500 }] }),
      ['P5'],
    ],
    [
      'two attempts at once',
      evidence({ accepted: [second, third, accepted(1, 9_000, 500), accepted(1, 9_100, 500, { attempt: 2 })] }),
      ['P5', 'P5'],
    ],
    [
      'more attempts than the budget has',
      evidence({ accepted: [second, third, accepted(1, 9_000, 500, { attempt: 3 })] }),
      ['P5'],
    ],
    [
      'a second attempt long after retries were turned off',
      evidence(
        { accepted: [first, second, third, accepted(1, 30_000, 500, { attempt: 2 })] },
        { edits: [edit(5_000, { retry_failed: false })] },
      ),
      ['P5'],
    ],
    [
      'a second attempt that was under way when retries were turned off',
      evidence(
        { accepted: [first, second, third, accepted(1, 9_000, 500, { attempt: 2 })] },
        { edits: [edit(5_000, { retry_failed: false })] },
      ),
      [],
    ],
    [
      'a third attempt under a budget that was raised',
      evidence(
        { accepted: [second, third, accepted(1, 30_000, 500, { attempt: 3 })] },
        { edits: [edit(5_000, { max_retry_attempts: 2 })] },
      ),
      [],
    ],
    [
      'a second attempt after retries were asked for without a number',
      evidence(
        { accepted: [first, second, third, accepted(1, 30_000, 500, { attempt: 2 })] },
        { edits: [edit(5_000, { max_retry_attempts: 0 }), edit(6_000, { retry_failed: true })] },
      ),
      [],
    ],
    [
      'a second attempt before its time',
      evidence({ accepted: [accepted(1, 0, 500), second, third, accepted(1, 1_500, 500, { attempt: 2 })] }),
      ['P5'],
    ],
    [
      'a second attempt at a number that the provider has called invalid',
      evidence({
        accepted: [
          accepted(1, 0, 500, { outcome: 'invalid_number' }),
          second,
          third,
          accepted(1, 9_000, 500, { attempt: 2 }),
        ],
      }),
      ['P5'],
    ],
    [
      'an end that was lost',
      evidence({ calls: [recorded(first, { outcome: null, settled_at: null }), recorded(second), recorded(third)] }),
      ['P6', 'P7', 'P9'],
    ],
    [
      'a call given up although its end was told',
      evidence({
        calls: [recorded(first, { outcome: 'lost', ended_at: NOON + 60_000 }), recorded(second), recorded(third)],
        contacts: [
          contact(1, 'failed', 'lost'),
          contact(2, 'completed', 'completed'),
          contact(3, 'completed', 'completed'),
        ],
        record: record('completed', { completed: 2, failed: 1 }),
      }),
      ['P6'],
    ],
    [
      'a call given up whose end came under an id that was not known',
      evidence({
        calls: [recorded(first, { linked: false, outcome: 'lost' }), recorded(second), recorded(third)],
        contacts: [
          contact(1, 'failed', 'lost'),
          contact(2, 'completed', 'completed'),
          contact(3, 'completed', 'completed'),
        ],
        record: record('completed', { completed: 2, failed: 1 }),
      }),
      ['P6'],
    ],
    [
      'a call given up whose end might as well be that of another call to this number',
      evidence({
        accepted: [{ ...first, hasDouble: true }, second, third],
        calls: [
          recorded(first, { linked: false, outcome: 'lost', ended_at: NOON + 60_000 }),
          recorded(second),
          recorded(third),
        ],
        contacts: [
          contact(1, 'failed', 'lost'),
          contact(2, 'completed', 'completed'),
          contact(3, 'completed', 'completed'),
        ],
        record: record('completed', { completed: 2, failed: 1 }),
      }),
      [],
    ],
    [
      'another outcome than the provider saw',
      evidence({
        accepted: [{ ...first, outcome: 'voicemail' }, second, third],
        calls: CALLS.map((call) => recorded(call)),
      }),
      ['P6', 'P9'],
    ],
    [
      'the second of two outcomes',
      evidence({
        accepted: [{ ...first, outcome: 'voicemail', endedTwice: true }, second, third],
        calls: CALLS.map((call) => recorded(call)),
        contacts: [1, 2, 3].map((seq) => contact(seq, 'completed', 'completed')),
      }),
      [],
    ],
    [
      'an outcome that a look-up cannot tell from the true one',
      evidence({
        accepted: [{ ...first, outcome: 'voicemail', lookedUpAs: 'completed' }, second, third],
        calls: CALLS.map((call) => recorded(call)),
        contacts: [1, 2, 3].map((seq) => contact(seq, 'completed', 'completed')),
      }),
      [],
    ],
    [
      'an outcome that was reported for another call under this call’s name',
      evidence({
        calls: [recorded(first, { outcome: 'busy' }), recorded(second), recorded(third)],
        contacts: [
          contact(1, 'failed', 'busy'),
          contact(2, 'completed', 'completed'),
          contact(3, 'completed', 'completed'),
        ],
        accepted: [{ ...first, stray: { outcome: 'busy', at: NOON + SECOND } }, second, third],
        record: record('completed', { completed: 2, failed: 1 }),
      }),
      ['P6'],
    ],
    [
      'such an outcome before anybody knew the call’s own id',
      evidence({
        calls: [recorded(first, { outcome: 'busy', accepted_at: null }), recorded(second), recorded(third)],
        contacts: [
          contact(1, 'failed', 'busy'),
          contact(2, 'completed', 'completed'),
          contact(3, 'completed', 'completed'),
        ],
        accepted: [{ ...first, stray: { outcome: 'busy', at: NOON + SECOND } }, second, third],
        record: record('completed', { completed: 2, failed: 1 }),
      }),
      [],
    ],
    [
      'a call that goes on',
      evidence({ accepted: [first, second, accepted(3, 2_000, null, { outcome: 'completed' })] }),
      ['P7', 'P7'],
    ],
    [
      'a contact in progress',
      evidence({ record: record('completed', { completed: 2, in_progress: 1 }) }),
      ['P7', 'P8', 'P8'],
    ],
    ['a contact that is not there', evidence({ accepted: [first, second] }), ['P9', 'P8']],
    [
      'a contact without a reason',
      evidence({
        contacts: [
          contact(1, 'completed', null),
          contact(2, 'completed', 'completed'),
          contact(3, 'completed', 'completed'),
        ],
      }),
      ['P9'],
    ],
    [
      'a contact that still waits',
      evidence({
        accepted: [first, second],
        contacts: [
          contact(1, 'completed', 'completed'),
          contact(2, 'completed', 'completed'),
          contact(3, 'pending', null),
        ],
        record: record('completed', { completed: 2, pending: 1 }),
      }),
      ['P9'],
    ],
    [
      'a contact skipped after it was called',
      evidence({
        contacts: [
          contact(1, 'completed', 'completed'),
          contact(2, 'completed', 'completed'),
          contact(3, 'skipped', 'cancelled'),
        ],
        record: record('cancelled', { completed: 2, skipped: 1 }),
      }),
      ['P9'],
    ],
    [
      'a contact completed without a call',
      evidence({ accepted: [first, second], contacts: [1, 2, 3].map((seq) => contact(seq, 'completed', 'completed')) }),
      ['P9'],
    ],
    [
      'a call recorded as refused that was accepted',
      evidence({
        calls: [...CALLS.slice(0, 2).map((call) => recorded(call)), recorded(third, { not_placed_reason: 'no' })],
      }),
      ['P9'],
    ],
    [
      'a call after the end',
      evidence({ sightings: [seen(-SECOND, SECOND, 'active'), seen(1_500, 9_000, 'completed')] }),
      ['P9'],
    ],
    [
      'no call after the end',
      evidence({ sightings: [seen(-SECOND, SECOND, 'active'), seen(2_500, 9_000, 'completed')] }),
      [],
    ],
    [
      'an end that was not the end',
      evidence({ sightings: [seen(2_500, 3_000, 'cancelled'), seen(4_000, 9_000, 'active')] }),
      ['P9'],
    ],
    [
      'a record that is over and a workflow that is not',
      evidence({ record: { ...evidence().record, workflow: 'RUNNING' } }),
      ['P8'],
    ],
    [
      'a record that goes on and a workflow that does not',
      evidence({ record: { ...evidence().record, status: 'active', workflow: 'TERMINATED' } }),
      ['P8'],
    ],
    [
      'such a record that says so',
      evidence({ record: { ...evidence().record, status: 'interrupted', workflow: 'TERMINATED' } }),
      [],
    ],
    [
      'a call that is not recorded',
      evidence({ calls: [recorded(first), recorded(second)], ends: new Map() }),
      ['P9', 'P9'],
    ],
  ])('finds %s', (_name, given, expected) => {
    expect(found(given)).toEqual(expected);
  });

  test('counts findings by promise, all of them named', () => {
    const findings = auditCampaign(evidence({}, body({ max_calls_per_day: 1, max_concurrent_calls: 1 })));
    const counts = countByPromise(findings);
    expect(Object.keys(counts)).toEqual([...PROMISES]);
    expect(counts).toMatchObject({ P1: 2, P2: 2, P3: 0, P11: 0 });
  });
});

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

describe('the exchanges of a workflow', () => {
  test.each([
    ['a few a second', 300, 400, 0],
    ['27 a second', 37, 400, 1],
    ['27 a second for a moment', 37, 100, 0],
  ])('%s', (_name, everyMs, count, findings) => {
    const instants = Array.from({ length: count }, (_, index) => NOON + index * everyMs);
    expect([...busiestStretch('campaign-1', instants)]).toHaveLength(findings);
  });
});

describe('terms that an edit without an answer may have changed', () => {
  const limits = (edits: NotedEdit[], at: number) =>
    termsAt(evidence({}, { edits }).notes, NOON + at)
      .map(({ max_concurrent_calls }) => max_concurrent_calls)
      .toSorted((a, b) => a - b);

  test.each<[string, NotedEdit[], number[]]>([
    ['are those before and after', [edit(0, { max_concurrent_calls: 7 }, 'unknown')], [2, 7]],
    [
      'may still be changed by it after a later edit',
      [edit(0, { max_concurrent_calls: 7 }, 'unknown'), edit(500, { max_concurrent_calls: 3 })],
      [3, 7],
    ],
    ['are those after an edit that was taken', [edit(0, { max_concurrent_calls: 7 })], [7]],
  ])('%s', (_name, edits, expected) => {
    expect(limits(edits, 9_000)).toEqual(expected);
  });
});

describe('the search for personal data', () => {
  const { phone_number, first_name, email } = person(417);

  test.each([
    ['a number in E.164', `to ${phone_number}.`, 1],
    ['a number without its plus', `"${phone_number.slice(1)}"`, 1],
    ['a national number', `(${phone_number.slice(2)})`, 1],
    ['a name', `Hello ${first_name}!`, 1],
    ['an address', `<${email.toUpperCase()}>`, 1],
    ['digits around a number', `9${phone_number.slice(1)}`, 0],
    ['an instant', String(NOON), 0],
    ['somebody else', '+14155552671, quillon@mail.example', 0],
  ])('knows %s', (_name, text, findings) => {
    const found = personalDataAt('here', text);
    expect(found).toHaveLength(findings);
    for (const { text: evidence } of found) expect(personalDataAt('there', evidence)).toEqual([]);
  });

  test('reads structures to the bottom, bytes as text', () => {
    const texts = [...textsIn({ a: [{ b: Buffer.from(first_name) }], [email]: null, n: 4 })];
    expect(texts).toContain(first_name);
    expect(texts).toContain(email);
  });
});

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
