/** One contact of a campaign with its calls, and the events of a call, as the API returns them. */
import type { CampaignTerms } from '../domain/api/campaign-request.ts';
import { type AllowedNumbers, type NumberProblem, numberRefusal } from '../domain/contacts/allowed-numbers.ts';
import { numberFacts } from '../domain/contacts/number-kind.ts';
import type { DueFor, Ending, WaitingFor } from '../domain/engine/campaign-state.ts';
import type { CallEventResponse, ContactExplanation } from '../domain/api/contact-explanation.ts';
import type { PolicyLimits } from '../domain/windows/policies/frequency.ts';
import { heldBy } from '../domain/api/contact-gate.ts';
import { haveOwnHours, NEVER_OPEN, UNKNOWN_ZONE } from '../domain/contacts/contact-group.ts';
import { hoursOfContact } from '../domain/api/contact-hours.ts';
import { groupTerms } from '../domain/api/group-terms.ts';
import type { RecordedStatus } from '../domain/api/interruption.ts';
import { EngineSchedule } from '../domain/engine/schedule-fields.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import type { Bucket } from '../domain/engine/tally.ts';
import { numberHeld, numberRecord, numberRecordOf, type NumberRecordRow } from './number-placements.ts';
import { mostByPolicy, policyLimitsOf } from './policies.ts';
import {
  instantOf,
  limited,
  microseconds,
  type OrderedRows,
  type Page,
  pageOf,
  type PageOf,
  totalOf,
  valuesOf,
} from './page.ts';
import type { Queryable } from './pool.ts';
import { waitingFor } from './share-needs.ts';
import { isStopped } from './stops.ts';

interface ContactRow extends NumberRecordRow {
  readonly status: RecordedStatus;
  readonly ending: Ending | null;
  readonly waiting_for: WaitingFor | null;
  readonly waiting_until: Date | null;
  readonly spec: CampaignTerms;
  readonly phone_number: string;
  readonly first_name: string | null;
  readonly bucket: Bucket;
  readonly reason: string | null;
  readonly attempt: number;
  readonly due_at: Date | null;
  readonly timezone: string | null;
  readonly region: string | null;
  readonly zones: string[] | null;
  readonly policies: string[] | null;
  readonly priority: number;
  readonly not_before: Date | null;
  readonly stopped: boolean;
  readonly waits_for: DueFor | null;
  readonly suppressed: boolean;
  readonly attempts: ContactExplanation['attempts'];
}

const NUMBER_RECORD = numberRecord({
  account: 'campaign.account',
  number: 'c.phone_number',
  limits: 'account.per_number',
  terms: 'campaign.spec',
  policyMost: '$4',
  except: 'null::text',
});

export interface ExplanationOptions {
  readonly now: number;
  /** The numbers that a connection allows. Null: the connection is not known here. */
  readonly allowedBy: (connection: string) => AllowedNumbers | null;
}

/** The explanation of a contact. Null if the account has no such campaign, or the campaign no such contact. */
export async function explainContact(
  db: Queryable,
  account: string,
  { campaignId, contactId }: { readonly campaignId: string; readonly contactId: string },
  { now, allowedBy }: ExplanationOptions,
): Promise<ContactExplanation | null> {
  // One statement is one snapshot, so contact, campaign and calls belong to the same moment.
  const { rows } = await db.query<ContactRow>(
    `select campaign.status, campaign.ending, ${waitingFor('campaign')} as waiting_for, campaign.waiting_until, campaign.spec,
            c.phone_number, c.first_name, c.bucket, c.reason, c.attempt, c.due_at, c.waits_for, c.priority, c.not_before,
            c.timezone, c.region,
            own.zones, own.policies,
            ${isStopped('campaign')} as stopped, ${NUMBER_RECORD},
            exists (select from suppressions s
                     where s.account = campaign.account and s.phone_number = c.phone_number) as suppressed,
            attempts.list as attempts
       from campaigns campaign
       join campaign_contacts c on c.campaign_id = campaign.id and c.contact_id = $3
       left join accounts account on account.name = campaign.account
       left join campaign_groups own on own.campaign_id = campaign.id and own.group_no = c.group_no
       cross join lateral (
         select coalesce(jsonb_agg(jsonb_build_object(
                  'call_id', call.id, 'attempt', call.attempt, 'first_sent_at', call.first_sent_at,
                  'provider_call_id', call.provider_call_id, 'policies', coalesce(call.policies, '[]'), 'not_placed_reason', call.not_placed_reason,
                  'outcome', coalesce(call.outcome, event.outcome), 'outcome_as_sent', event.outcome_as_sent,
                  'account_fault', coalesce(call.account_fault, event.account_fault),
                  'ended_at', coalesce(call.ended_at, event.occurred_at)
                ) order by call.attempt), '[]') as list
           from calls call
           left join lateral (
             select outcome, outcome_as_sent, account_fault, occurred_at from call_events
              where call_id = call.id and kind = 'ended' order by received_at, event_id limit 1
           ) event on true
          where call.campaign_id = campaign.id and call.seq = c.seq
       ) attempts
      where campaign.account = $1 and campaign.id = $2`,
    [account, campaignId, contactId, mostByPolicy()],
  );
  const row = rows[0];
  if (!row) return null;
  const allowed = allowedBy(row.spec.connection);
  const refusal = allowed && numberRefusal(allowed, numberFacts(row.phone_number));
  return explanation(row, contactId, refusal?.reason ?? null, now);
}

export interface EventPlace {
  /** Microseconds since 1970. */
  readonly receivedAt: number;
  readonly eventId: string;
  readonly connection: string;
}

/** In the order of arrival. Null if the account's campaign has no such call. */
export async function listCallEvents(
  db: Queryable,
  account: string,
  { campaignId, callId }: { readonly campaignId: string; readonly callId: string },
  page: Page<EventPlace>,
): Promise<PageOf<CallEventRecord, EventPlace> | null> {
  const call = await db.query(
    `select from calls join campaigns on campaigns.id = calls.campaign_id
      where campaigns.account = $1 and campaigns.id = $2 and calls.id = $3`,
    [account, campaignId, callId],
  );
  if (call.rowCount === 0) return null;
  const events = eventsAsTheyCame(callId);
  const total = await totalOf(db, events, page);
  const { rows } = await db.query<EventRow>(
    `select event_id, connection, provider_call_id, kind, outcome, outcome_as_sent, occurred_at, received_at, late,
            contradicts is not null as contradicts, signalled_at, raw, ${microseconds('received_at')} as received_us
       ${events.sql}`,
    valuesOf(events, page),
  );
  return pageOf(rows, page, total, {
    item: eventAnswer,
    place: ({ received_us, event_id, connection }) => ({
      receivedAt: Number(received_us),
      eventId: event_id,
      connection,
    }),
  });
}

/**
 * An event belongs to a call or contradicts one. Each column has an index, so a page is among the first rows of both.
 */
function eventsAsTheyCame(callId: string): OrderedRows<EventPlace> {
  const order = 'received_at, event_id, connection';
  const first = (column: string) => `
    (select * from call_events
      where ${column} = $1 and ($4::bigint is null or (${order}) > (${instantOf('$4')}, $5, $6))
      order by ${order} limit (select $2::bigint + $3::bigint))`;
  return {
    sql: `from (${first('call_id')} union all ${first('contradicts')}) as events order by ${order} ${limited('$2', '$3')}`,
    values: ({ limit, offset, after }) => [
      callId,
      limit,
      offset,
      after?.receivedAt ?? null,
      after?.eventId ?? null,
      after?.connection ?? null,
    ],
  };
}

/** An event without the name of its carrier, which the records do not contain. */
export type CallEventRecord = Omit<CallEventResponse, 'provider'>;

type EventRow = Omit<CallEventRecord, 'occurred_at' | 'received_at' | 'signalled_at'> & {
  readonly occurred_at: Date;
  readonly received_at: Date;
  readonly received_us: string;
  readonly signalled_at: Date | null;
};

function eventAnswer({
  occurred_at,
  received_at,
  received_us: _received_us,
  signalled_at,
  ...event
}: EventRow): CallEventRecord {
  return {
    ...event,
    occurred_at: occurred_at.toISOString(),
    received_at: received_at.toISOString(),
    signalled_at: signalled_at?.toISOString() ?? null,
  };
}

/** Null: this gateway does not know one of the campaign's policies. */
function limitsOfContact({ spec, region, phone_number }: ContactRow, now: number): PolicyLimits | null {
  try {
    return policyLimitsOf({ policy: spec.policy ?? null, region, phone_number }, now);
  } catch (error) {
    if (error instanceof RingfenceError) return null;
    throw error;
  }
}

function explanation(
  row: ContactRow,
  contactId: string,
  notAllowed: NumberProblem | null,
  now: number,
): ContactExplanation {
  const { spec } = row;
  const isWaiting = row.bucket === 'pending' || row.bucket === 'retrying';
  const limits = limitsOfContact(row, now);
  const hold = isWaiting && limits ? numberHeld(numberRecordOf(row), limits, now) : null;
  const { zones, policies, reason } = row;
  const rule = reason !== NEVER_OPEN && zones && policies ? { zones, policies } : null;
  const decisive = groupTerms(spec);
  const hours = reason === UNKNOWN_ZONE ? null : hoursOfContact(decisive, row, rule, now);
  const held = heldBy(
    {
      bucket: row.bucket,
      dueAt: row.due_at?.getTime() ?? null,
      waitsFor: row.waits_for,
      numberHeldUntil: hold?.until ?? null,
      suppressed: row.suppressed,
      notAllowed,
      campaign: {
        status: row.status,
        ending: row.ending !== null,
        stopped: row.stopped,
        waitingFor: row.waiting_for,
        waitingUntil: row.waiting_until?.getTime() ?? null,
        endsAt: spec.ends_at === null ? null : Date.parse(spec.ends_at),
        schedule: EngineSchedule.parse(spec),
      },
      ...(hours && haveOwnHours(decisive) ? { hours: hours.schedules } : {}),
    },
    now,
  );
  return {
    contact_id: contactId,
    phone_number: row.phone_number,
    first_name: row.first_name,
    call_status: row.bucket,
    reason: row.reason,
    attempt: row.attempt,
    priority: row.priority,
    not_before: row.not_before?.toISOString() ?? null,
    campaign_status: row.status,
    hours: hours?.told ?? null,
    gate: held.by,
    number_limit: hold?.limit ?? null,
    policies: limits?.policies.slice() ?? [],
    next_eligible_at: held.until === null ? null : new Date(held.until).toISOString(),
    attempts: row.attempts.map((attempt) => ({
      ...attempt,
      first_sent_at: utc(attempt.first_sent_at),
      ended_at: utc(attempt.ended_at),
    })),
    as_of: new Date(now).toISOString(),
  };
}

/** JSON from the database has the UTC offset of its session. */
function utc(at: string | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
