import { describe, expect, test } from 'vitest';
import type { CampaignEvidence } from '../../chaos/audit/evidence.ts';
import {
  accepted,
  CALLS,
  contact,
  evidence,
  first,
  found,
  NOON,
  record,
  recorded,
  second,
  SECOND,
  seen,
  third,
} from '../../support/factories/chaos-evidence.ts';

describe('the audit of the records of a campaign', () => {
  test.each<[string, CampaignEvidence, string[]]>([
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
});
