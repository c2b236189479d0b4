/** Gathers the evidence of a run that is over, from the provider's ledger, the operators' notes and PostgreSQL. */
import type { Pool } from '../../db/pool.ts';
import { parseCallId } from '../../domain/ids.ts';
import { BUCKETS, type Buckets } from '../../domain/tally.ts';
import type { FullLedger } from '../../simulator/simulator.ts';
import type { AcceptedCall, CampaignEvidence, RecordedCall, RecordedContact } from './audit/evidence.ts';
import type { Finding } from './audit/finding.ts';
import { clock } from './audit/finding.ts';
import type { CampaignNotes } from './notes.ts';
import type { AcknowledgedEnd } from './webhook-tap.ts';

interface Sources {
  readonly pool: Pool;
  readonly ledger: FullLedger;
  readonly ends: readonly AcknowledgedEnd[];
  readonly suppressed: ReadonlyMap<string, number>;
}

export async function gather(sources: Sources, notes: CampaignNotes): Promise<CampaignEvidence> {
  const { pool, ledger, suppressed } = sources;
  const { rows: calls } = await pool.query<RecordedCall>(
    `select id, first_sent_at is not null as sent, provider_call_id is not null as linked, not_placed_reason, outcome,
            (extract(epoch from ended_at) * 1000)::float8 as ended_at,
            (extract(epoch from settled_at) * 1000)::float8 as settled_at
       from calls where campaign_id = $1`,
    [notes.id],
  );
  const { rows: contacts } = await pool.query<RecordedContact>(
    'select seq, phone_number, bucket, reason, attempt from campaign_contacts where campaign_id = $1 order by seq',
    [notes.id],
  );
  const { rows: campaigns } = await pool.query<Buckets & { status: string; total: number }>(
    `select status, total, ${BUCKETS.join(', ')} from campaigns where id = $1`,
    [notes.id],
  );
  const { status = 'missing', total = 0, ...buckets } = campaigns[0] ?? {};
  return {
    notes,
    accepted: acceptedCalls(ledger, notes.id),
    calls,
    contacts,
    record: { status, total, buckets },
    ends: endsByCall(sources.ends),
    suppressed,
  };
}

function acceptedCalls({ calls, requests }: FullLedger, campaignId: string): AcceptedCall[] {
  const endedTwice = new Set(
    requests.filter(({ faults }) => faults.includes('second_end')).map(({ call_id }) => call_id),
  );
  return calls.flatMap((call) => {
    const address = call.key === null ? null : parseCallId(call.key);
    if (call.key === null || address?.campaignId !== campaignId) return [];
    const { seq, attempt } = address;
    return [{ ...call, key: call.key, seq, attempt, endedTwice: endedTwice.has(call.id) }];
  });
}

function endsByCall(ends: readonly AcknowledgedEnd[]): CampaignEvidence['ends'] {
  const byCall = new Map<string, AcknowledgedEnd[]>();
  for (const end of ends) byCall.set(end.providerCallId, [...(byCall.get(end.providerCallId) ?? []), end]);
  return byCall;
}

/** P5, seen from the provider: calls of nobody's, and a key that came with other bytes than before. */
export function strangeRequests({ calls, requests }: FullLedger, campaigns: readonly CampaignNotes[]): Finding[] {
  const ids = new Set(campaigns.map(({ id }) => id));
  const strangers = calls.filter(({ key }) => key === null || !ids.has(parseCallId(key)?.campaignId ?? ''));
  const conflicts = requests.filter(({ status }) => status === 409);
  return [
    ...strangers.map(({ key, accepted_at }) => `a call under the key ${key} was accepted at ${clock(accepted_at)}`),
    ...conflicts.map(({ key, at }) => `${key} came with other bytes at ${clock(at)}`),
  ].map((text) => ({ promise: 'P5' as const, text }));
}
