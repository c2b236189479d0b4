import { describe, expect, test } from 'vitest';
import { callId } from '../../../../domain/engine/ids.ts';
import { compare, type Contact, type Totals } from '../../../../scripts/start/comparison.ts';
import type { ProviderCall } from '../../../../scripts/start/ledger.ts';

const CAMPAIGN = '00000000-0000-4000-8000-00000000000a';
const key = (seq: number, attempt = 1) => callId({ campaignId: CAMPAIGN, seq, attempt });
const call = (key: string, outcome: string, from: number, to: number | null): ProviderCall => ({
  key,
  outcome,
  accepted_at: from,
  ended_at: to,
});

const TOTALS: Totals = {
  total_contacts: 4,
  in_progress: 0,
  completed: 2,
  failed: 1,
  skipped: 1,
  max_concurrent_calls: 2,
};
const CONTACTS: readonly Contact[] = [
  { call_status: 'completed', reason: 'completed', call_id: key(1) },
  { call_status: 'completed', reason: 'voicemail', call_id: key(2, 2) },
  { call_status: 'failed', reason: 'busy', call_id: key(3) },
  { call_status: 'skipped', reason: 'suppressed', call_id: null },
];
const CALLS: readonly ProviderCall[] = [
  call(key(1), 'completed', 0, 10),
  call(key(2), 'no_answer', 5, 15),
  // It takes the slot that the first one left at the same instant.
  call(key(3), 'busy', 10, 20),
  call(key(2, 2), 'voicemail', 16, 30),
];

interface Case {
  readonly totals?: Partial<Totals>;
  readonly contacts?: readonly Contact[];
  readonly calls?: readonly ProviderCall[];
}

const compared = ({ totals, contacts = CONTACTS, calls = CALLS }: Case) =>
  compare({ ...TOTALS, ...totals }, contacts, calls);

describe("a campaign's record beside the provider's ledger", () => {
  test('agrees when each says of every contact what the other says', () => {
    expect(compared({}).verdict).toEqual({
      contacts: 4,
      accepted: 4,
      duplicate_keys: 0,
      peak_in_flight: 2,
      max_concurrent_calls: 2,
      completed: 2,
      failed: 1,
      skipped: 1,
      agree: true,
    });
  });

  test('does not hold a contact who was refused without a call against the ledger', () => {
    const contacts = [...CONTACTS, { call_status: 'failed' as const, reason: 'rejected', call_id: null }];
    expect(compared({ contacts, totals: { total_contacts: 5, failed: 2 } }).verdict.agree).toBe(true);
  });

  test.each<[string, Case]>([
    ['a contact is in no end bucket', { totals: { completed: 1 } }],
    ['a call is missing at the provider', { calls: CALLS.slice(1) }],
    ['the provider has a call that nobody knows of', { calls: [...CALLS, call(key(9), 'busy', 40, 50)] }],
    [
      'one call is missing and an unknown one is there',
      { calls: [...CALLS.slice(0, 1), call(key(9), 'no_answer', 5, 15), ...CALLS.slice(2)] },
    ],
    ['a key rang twice', { calls: [...CALLS, call(key(1), 'completed', 40, 50)] }],
    [
      'two endings are exchanged, though each count is right',
      {
        calls: [call(key(1), 'voicemail', 0, 10), CALLS[1]!, CALLS[2]!, call(key(2, 2), 'completed', 16, 30)],
      },
    ],
    ['more calls were live than allowed', { totals: { max_concurrent_calls: 1 } }],
    ['a call still goes on', { calls: [...CALLS.slice(0, 3), call(key(2, 2), 'voicemail', 16, null)] }],
    ['the list of contacts is not complete', { totals: { total_contacts: 5, skipped: 2 } }],
  ])('does not agree when %s', (_what, differing) => {
    expect(compared(differing).verdict.agree).toBe(false);
  });

  test('counts keys that rang more than once, not rings', () => {
    const calls = [...CALLS, call(key(1), 'completed', 40, 50), call(key(1), 'completed', 60, 70)];
    expect(compared({ calls }).verdict).toMatchObject({ accepted: 6, duplicate_keys: 1 });
  });
});
