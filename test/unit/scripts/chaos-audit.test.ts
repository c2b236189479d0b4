import { describe, expect, test } from 'vitest';
import { auditCampaign, countByPromise } from '../../../scripts/chaos/audit/audit.ts';
import type { AcceptedCall, CampaignEvidence, RecordedCall } from '../../../scripts/chaos/audit/evidence.ts';
import { PROMISES } from '../../../scripts/chaos/audit/finding.ts';
import { personalDataAt, textsIn } from '../../../scripts/chaos/audit/privacy.ts';
import type { NotedEdit, NotedPause } from '../../../scripts/chaos/notes.ts';
import { person } from '../../../scripts/chaos/people.ts';

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
    phone_number: person(seq).phone_number,
    accepted_at: NOON + at,
    dialled_at: NOON + at + 100,
    ended_at: lasts === null ? null : NOON + at + lasts,
    outcome: lasts === null ? null : 'completed',
    endedTwice: false,
    ...change,
  };
}

function recorded(call: AcceptedCall, change: Partial<RecordedCall> = {}): RecordedCall {
  const settled_at = call.ended_at === null ? null : call.ended_at + SECOND;
  return {
    id: call.key,
    sent: true,
    linked: true,
    not_placed_reason: null,
    outcome: call.outcome,
    ended_at: call.ended_at,
    settled_at,
    ...change,
  };
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
      },
      pauses: [],
      edits: [],
      ...notes,
    },
    accepted: calls,
    calls: calls.map((call) => recorded(call)),
    contacts: [...last.values()].map(({ seq, attempt, outcome }) => ({
      seq,
      attempt,
      phone_number: person(seq).phone_number,
      bucket: 'completed',
      reason: outcome,
    })),
    record: { status: 'completed', total: 3, buckets: { completed: 3, in_progress: 0 } },
    ends: new Map(calls.map(({ id, ended_at }) => [id, [{ outcome: 'completed', at: (ended_at ?? 0) + 100 }]])),
    suppressed: new Map(),
    ...change,
  } satisfies CampaignEvidence;
}

function body(change: Partial<CampaignEvidence['notes']['body']>): Partial<CampaignEvidence['notes']> {
  return { body: { ...evidence().notes.body, ...change } };
}

function edit(at: number, change: NotedEdit['change'], taken: NotedEdit['taken'] = 'yes'): NotedEdit {
  return { sentAt: NOON + at, answeredAt: NOON + at + 100, change, taken };
}

function pause(at: number, resumed: number, named: string[]): NotedPause {
  return { pausedAt: NOON + at, acknowledgedAt: NOON + at + 10, resumedAt: NOON + resumed, named };
}

const found = (given: CampaignEvidence) => auditCampaign(given).map(({ promise }) => promise);
const [first, second, third] = CALLS as [AcceptedCall, AcceptedCall, AcceptedCall];
const contact = (seq: number, bucket: string, reason: string | null, attempt = 1) => ({
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
      ['P5'],
    ],
    [
      'more attempts than the budget has',
      evidence({ accepted: [second, third, accepted(1, 9_000, 500, { attempt: 3 })] }),
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
        record: { status: 'completed', total: 3, buckets: { completed: 2, failed: 1 } },
      }),
      ['P6'],
    ],
    [
      'a call given up whose end nobody could tell to be its own',
      evidence({
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
        record: { status: 'completed', total: 3, buckets: { completed: 2, failed: 1 } },
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
      'a call that goes on',
      evidence({ accepted: [first, second, accepted(3, 2_000, null, { outcome: 'completed' })] }),
      ['P7', 'P7'],
    ],
    [
      'a contact in progress',
      evidence({ record: { status: 'completed', total: 3, buckets: { completed: 2, in_progress: 1 } } }),
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
        record: { status: 'completed', total: 3, buckets: { completed: 2, pending: 1 } },
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
        record: { status: 'cancelled', total: 3, buckets: { completed: 2, skipped: 1 } },
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
