/** Gathers the evidence of a run that is over, from the provider's ledger, the operators' notes and PostgreSQL. */
import { counted } from '../../domain/engine/counted.ts';
import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { parseCallId, workflowId } from '../../domain/engine/ids.ts';
import { BUCKETS, type Buckets } from '../../domain/engine/tally.ts';
import type { CallEnd } from '../../simulator/call-life.ts';
import type { AcknowledgedEnd } from '../../simulator/ledger.ts';
import type { CarrierName } from '../../simulator/faults.ts';
import type { FullLedger } from '../../simulator/simulator.ts';
import type {
  AcceptedCall,
  CampaignEvidence,
  Lull,
  RecordedCall,
  RecordedContact,
  Sighting,
} from './audit/evidence.ts';
import type { Finding } from './audit/finding.ts';
import { clock } from './audit/finding.ts';
import { longestCallMs } from './margins.ts';
import type { CampaignNotes } from './notes.ts';
import { type Stretch, troubleOf } from './trouble.ts';

export interface Sources {
  readonly pool: pg.Pool;
  readonly temporal: Client;
  readonly provider: CarrierName;
  readonly ledger: FullLedger;
  readonly suppressed: ReadonlyMap<string, number>;
  readonly sightings: ReadonlyMap<string, readonly Sighting[]>;
  readonly lulls: ReadonlyMap<string, readonly Lull[]>;
  /** Stretches in which the way to the provider was spoiled. */
  readonly spoiled: readonly Stretch[];
}

/** Ends that a look-up cannot tell from others: Twilio's calls come without the code of SIP. */
const LOOKED_UP_AS: Readonly<Record<CarrierName, Partial<Record<CallEnd, CallEnd>>>> = {
  truedy: {},
  twilio: { invalid_number: 'failed' },
  retell: {},
};
/** Two calls to one number that were accepted within this time may be taken for each other. */
const DOUBLE_MS = 180_000;

export async function gather(sources: Sources, notes: CampaignNotes): Promise<CampaignEvidence> {
  const { pool, ledger, suppressed, sightings, lulls } = sources;
  const { rows: calls } = await pool.query<RecordedCall>(
    `select id, first_sent_at is not null as sent, provider_call_id is not null as linked, not_placed_reason, outcome,
            (extract(epoch from first_sent_at) * 1000)::float8 as sent_at,
            (extract(epoch from accepted_at) * 1000)::float8 as accepted_at,
            (extract(epoch from ended_at) * 1000)::float8 as ended_at,
            (extract(epoch from settled_at) * 1000)::float8 as settled_at
       from calls where campaign_id = $1`,
    [notes.id],
  );
  const { rows: contacts } = await pool.query<RecordedContact>(
    'select contact_id, seq, phone_number, bucket, reason, attempt from campaign_contacts where campaign_id = $1 order by seq',
    [notes.id],
  );
  const { rows: campaigns } = await pool.query<Buckets & { status: string; total: number }>(
    `select status, total, ${BUCKETS.join(', ')} from campaigns where id = $1`,
    [notes.id],
  );
  const { status = 'missing', total = 0, ...buckets } = campaigns[0] ?? {};
  return {
    notes,
    longestCallMs: longestCallMs(sources.provider),
    accepted: acceptedCalls(sources, notes.id),
    calls,
    contacts,
    record: { status, total, buckets, workflow: await workflowStatus(sources.temporal, notes.id) },
    ends: endsByCall(ledger),
    suppressed,
    sightings: sightings.get(notes.id) ?? [],
    lulls: lulls.get(notes.id) ?? [],
    trouble: troubleOf(notes.id, ledger.requests, sources.spoiled),
  };
}

/** What the tables say at the end of a lull, of every campaign. */
export async function readLulls(pool: pg.Pool, from: number, to: number): Promise<Map<string, Lull>> {
  const { rows } = await pool.query<{
    id: string;
    pending: string[];
    overdue: string[];
    due: number | null;
    held: string[];
    counters: Buckets & { total: number };
    rows: Partial<Buckets>;
    enrolled: boolean;
  }>(
    `select c.id,
            array(select k.phone_number from campaign_contacts k where k.campaign_id = c.id and k.bucket = 'pending'
                and (k.due_at is null or k.due_at < to_timestamp($2::float8 / 1000) - interval '1 minute')) as pending,
            array(select k.phone_number from campaign_contacts k where k.campaign_id = c.id and k.bucket = 'retrying'
                and k.due_at < to_timestamp($2::float8 / 1000) - interval '1 minute') as overdue,
            jsonb_build_object('total', total, ${BUCKETS.map((bucket) => `'${bucket}', ${bucket}`).join(', ')}) as counters,
            coalesce((select jsonb_object_agg(bucket, count) from (
              select bucket, count(*) from campaign_contacts k where k.campaign_id = c.id group by bucket) as counted), '{}') as rows,
            folder_id is null or enrolled_at is not null as enrolled,
            (select (extract(epoch from max(k.due_at)) * 1000)::float8 from campaign_contacts k
              where k.campaign_id = c.id and k.bucket = 'retrying' and k.waits_for is null) as due,
            array(select k.id from calls k where k.campaign_id = c.id and k.settled_at is null
                and k.not_placed_reason is null and k.first_sent_at < to_timestamp($1::float8 / 1000)) as held
       from campaigns c`,
    [from, to],
  );
  return new Map(
    rows.map(({ id, due, enrolled, counters, rows, ...lull }) => {
      // The rows of a folder are copied when the campaign begins.
      const miscounted = enrolled ? disagreements(counters, rows) : [];
      return [id, { from, to, ...lull, latestDue: due, miscounted }];
    }),
  );
}

function disagreements(counters: Buckets & { total: number }, rows: Partial<Buckets>): string[] {
  const texts = BUCKETS.filter((bucket) => counters[bucket] !== (rows[bucket] ?? 0)).map(
    (bucket) => `${rows[bucket] ?? 0} are ${bucket}, and the count says ${counters[bucket]}`,
  );
  const sum = BUCKETS.reduce((all, bucket) => all + (rows[bucket] ?? 0), 0);
  return sum === counters.total
    ? texts
    : [...texts, `there are ${counted(sum, 'contact')}, and the total is ${counters.total}`];
}

async function workflowStatus(temporal: Client, campaignId: string): Promise<string | null> {
  try {
    return (await temporal.workflow.getHandle(workflowId(campaignId)).describe()).status.name;
  } catch {
    return null;
  }
}

function acceptedCalls({ provider, ledger }: Sources, campaignId: string): AcceptedCall[] {
  const { calls, requests } = ledger;
  const callsWith = (fault: string) =>
    new Set(requests.filter(({ faults }) => faults.includes(fault)).map(({ call_id }) => call_id));
  const endedTwice = callsWith('second_end');
  const mistold = callsWith('event_time');
  const strayReports = strayEnds(ledger);
  const strays = new Map(strayReports.map((end) => [end.key, end]));
  for (const { call_id } of strayReports) mistold.add(call_id);
  return calls.flatMap((call) => {
    const address = call.key === null ? null : parseCallId(call.key);
    if (call.key === null || address?.campaignId !== campaignId) return [];
    const { seq, attempt } = address;
    const hasDouble = calls.some(
      (other) =>
        other !== call &&
        other.phone_number === call.phone_number &&
        Math.abs(other.accepted_at - call.accepted_at) < DOUBLE_MS,
    );
    const stray = strays.get(call.key) ?? null;
    return [
      {
        ...call,
        key: call.key,
        seq,
        attempt,
        lookedUpAs: call.outcome === null ? null : (LOOKED_UP_AS[provider][call.outcome] ?? null),
        endedTwice: endedTwice.has(call.id),
        mistold: mistold.has(call.id),
        hasDouble,
        stray,
      },
    ];
  });
}

/** Ends that name our call and another one of the provider's. */
function strayEnds({ calls, ends }: FullLedger): AcknowledgedEnd[] {
  const keys = new Map(calls.map((call) => [call.id, call.key]));
  return ends.filter(({ key, call_id }) => key !== null && keys.get(call_id) !== key);
}

function endsByCall(ledger: FullLedger): CampaignEvidence['ends'] {
  const strays = new Set(strayEnds(ledger));
  const byCall = new Map<string, AcknowledgedEnd[]>();
  for (const end of ledger.ends) {
    if (!strays.has(end)) byCall.set(end.call_id, [...(byCall.get(end.call_id) ?? []), end]);
  }
  return byCall;
}

/** P5, seen from the provider: calls of nobody's, and a key that came with other bytes than before. */
export function strangeRequests({ calls, requests }: FullLedger, campaigns: readonly CampaignNotes[]): Finding[] {
  const ids = new Set(campaigns.map(({ id }) => id));
  const strangers = calls.filter(({ key }) => key === null || !ids.has(parseCallId(key)?.campaignId ?? ''));
  const conflicts = requests.filter(({ status }) => status === 409);
  return [
    ...strangers.map(({ key, accepted_at: at }) => ({
      at,
      text: `a call under the key ${key} was accepted at ${clock(at)}`,
    })),
    ...conflicts.map(({ key, at }) => ({ at, text: `${key} came with other bytes at ${clock(at)}` })),
  ].map((finding) => ({ promise: 'P5' as const, ...finding }));
}
