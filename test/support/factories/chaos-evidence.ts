/** Evidence of a chaos run in which three contacts are called one after the other, and what may be wrong with it. */
import { auditCampaign } from '../../chaos/audit/audit.ts';
import type {
  AcceptedCall,
  CampaignEvidence,
  ProviderTrouble,
  RecordedCall,
  Sighting,
} from '../../chaos/audit/evidence.ts';
import { newNotes, type NotedEdit, type NotedOrder, type NotedPause } from '../../chaos/notes.ts';
import { person } from '../../chaos/people.ts';

export const ID = '11111111-2222-8333-8444-555555555555';
/** A Wednesday, noon in UTC. */
export const NOON = Date.UTC(2026, 2, 18, 12);
export const SECOND = 1_000;

export function accepted(
  seq: number,
  at: number,
  lasts: number | null,
  change: Partial<AcceptedCall> = {},
): AcceptedCall {
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

export function recorded(call: AcceptedCall, change: Partial<RecordedCall> = {}): RecordedCall {
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

export function contactId(seq: number): string {
  return `contact ${seq}`;
}

export const CALLS = [accepted(1, 0, 2 * SECOND), accepted(2, SECOND, 2 * SECOND), accepted(3, 2 * SECOND, 2 * SECOND)];

/** Three contacts, called one after the other with two at once, and nothing wrong. */
const BODY = {
  name: 'case',
  agent_id: 'agent',
  contacts: [1, 2, 3].map(person),
  max_concurrent_calls: 2,
  max_retry_attempts: 1,
  retry_delay_minutes: 0.05,
  working_days: [1, 2, 3, 4, 5],
};

export function evidence(change: Partial<CampaignEvidence> = {}, notes: Partial<CampaignEvidence['notes']> = {}) {
  const calls = change.accepted ?? CALLS;
  const last = new Map(calls.map((call) => [call.seq, call]));
  return {
    notes: { ...newNotes({ id: ID, label: 'case', body: BODY }), ...notes },
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

export function body(change: Partial<CampaignEvidence['notes']['body']>): Partial<CampaignEvidence['notes']> {
  return { body: { ...evidence().notes.body, ...change } };
}

export function edit(at: number, change: NotedEdit['change'], taken: NotedEdit['taken'] = 'yes'): NotedEdit {
  return { sentAt: NOON + at, answeredAt: NOON + at + 100, change, taken };
}

export function pause(at: number, resumed: number, live: string[], unknown: string[] = []): NotedPause {
  return { pausedAt: NOON + at, acknowledgedAt: NOON + at + 10, resumedAt: NOON + resumed, live, unknown };
}

export function order(kind: NotedOrder['kind'], at: number, taken: NotedOrder['taken'] = 'yes'): NotedOrder {
  return { kind, sentAt: NOON + at, answeredAt: NOON + at + 100, taken };
}

export function record(status: string, buckets: Record<string, number>) {
  return { status, total: 3, buckets, workflow: 'COMPLETED' };
}

export const MINUTE = 60 * SECOND;

export function seen(
  from: number,
  to: number,
  status: string,
  waiting_for: string | null = null,
  until: number | null = null,
): Sighting {
  return { from: NOON + from, to: NOON + to, status, waiting_for, until: until === null ? null : NOON + until };
}

export function trouble(
  at: number,
  kind: ProviderTrouble['kind'] = 'other',
  retryAfterMinutes: number | null = null,
): ProviderTrouble {
  return { at: NOON + at, kind, retryAfterMs: retryAfterMinutes === null ? null : retryAfterMinutes * MINUTE };
}

export const found = (given: CampaignEvidence) => auditCampaign(given).map(({ promise }) => promise);
export const [first, second, third] = CALLS as [AcceptedCall, AcceptedCall, AcceptedCall];
export const contact = (seq: number, bucket: string, reason: string | null, attempt = 1) => ({
  contact_id: contactId(seq),
  seq,
  attempt,
  phone_number: person(seq).phone_number,
  bucket,
  reason,
});
