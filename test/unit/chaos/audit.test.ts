import { describe, expect, test } from 'vitest';
import { auditCampaign, countByPromise } from '../../chaos/audit/audit.ts';
import type { CampaignEvidence } from '../../chaos/audit/evidence.ts';
import { PROMISES } from '../../chaos/audit/finding.ts';
import {
  accepted,
  body,
  CALLS,
  edit,
  evidence,
  first,
  found,
  NOON,
  order,
  pause,
  second,
  SECOND,
  third,
} from '../../support/factories/chaos-evidence.ts';

describe('the audit of the calls of a campaign', () => {
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
