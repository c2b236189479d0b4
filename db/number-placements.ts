/**
 * Placements to one number over all campaigns of an account, for the limits per number. Each dial that may be placed holds the
 * lock of its number from before it counts until its record is committed, so two dials never count each other out.
 *
 * A dial takes its locks in this order, so no two wait for each other: against an adoption of its campaign, against a change of its
 * account's limit of calls per day, of its number, and then those of rows.
 */
import { DIAL } from '../domain/engine/dial-budget.ts';
import {
  conversationHold,
  DEFAULT_NUMBER_LIMITS,
  laterHold,
  numberHold,
  type NumberHold,
  type NumberLimit,
  NumberLimits,
} from '../domain/dialling/number-limits.ts';
import type { PolicyLimits } from '../domain/windows/policies/frequency.ts';
import { longestOfPolicies } from './policies.ts';
import type { Queryable } from './pool.ts';

/**
 * From the permission of a try until the provider certainly has its request, if it ever gets it. A placement without an answer
 * counts as if it had been placed then.
 */
const REACHES_WITHIN_MS = DIAL.sendWithinMs + DIAL.longestRequestMs;
const REACHES = `interval '${REACHES_WITHIN_MS} milliseconds'`;
const LONGEST_BY_DEFAULT = Math.max(...DEFAULT_NUMBER_LIMITS.map(({ hours }) => hours));
const MOST_BY_DEFAULT = Math.max(...DEFAULT_NUMBER_LIMITS.map(({ max }) => max));

/**
 * Locks the number of a contact in its account, the account's limit of calls per day against changes, and the campaign against
 * adoptions. One statement, because every dial executes it; what is read after it holds until the transaction ends. Extensions are
 * the same number.
 */
export async function lockDial(
  tx: Queryable,
  { campaignId, seq }: { readonly campaignId: string; readonly seq: number },
): Promise<void> {
  await tx.query({
    name: 'lock-dial',
    text: `
      select pg_advisory_xact_lock_shared(hashtextextended($1::uuid::text, 0)),
             (select pg_advisory_xact_lock_shared(hashtext(account), 0) from campaigns where id = $1),
             (select pg_advisory_xact_lock(hashtext(c.account), hashtext(k.phone_number))
                from campaigns c join campaign_contacts k on k.campaign_id = c.id and k.seq = $2
               where c.id = $1)`,
    values: [campaignId, seq],
  });
}

/** What SQL here is about: columns and parameters. */
interface OfNumber {
  readonly account: string;
  readonly number: string;
  /** The account's limits as JSON. */
  readonly limits: string;
  /** The terms of the campaign. */
  readonly terms: string;
  /** The most calls that a policy allows. */
  readonly policyMost: string;
  /** A call that does not count. */
  readonly except: string;
}

const CALLS_TO_NUMBER = (of: OfNumber) => `
    calls p
     where p.number_key = number_key(${of.account}, ${of.number}) and p.last_sent_at is not null
       and p.not_placed_reason is null and p.id is distinct from ${of.except}`;

/** Also those of deleted campaigns. */
const PLACEMENTS_TO_NUMBER = (of: OfNumber) => `
    (select p.last_sent_at, p.accepted_at from ${CALLS_TO_NUMBER(of)}
      union all
     select last_sent_at, accepted_at from deleted_placements
      where deleted_placements.number_key = number_key(${of.account}, ${of.number}))`;

/** SQL for what ended the call `p`, by the first event that says so. */
const ENDED = `(select e.outcome from call_events e where e.call_id = p.id and e.kind = 'ended' order by e.received_at, e.event_id limit 1)`;
/** SQL for when the call `p` ended. */
const ENDED_AT = `coalesce(p.ended_at, (select max(e.received_at) from call_events e where e.call_id = p.id and e.kind = 'ended'))`;

const hasPolicies = (of: OfNumber) => `coalesce(jsonb_array_length(${of.terms} -> 'policy'), 0) > 0`;

/**
 * SQL for what limits count, for `numberRecordOf`:
 * - `per_number`: the limits of the account,
 * - `placements`: the newest placements to the number, at least as many as a limit allows. A placement is no older than its last try
 *   and not much newer, so the index finds all that may be among the newest.
 * - `talked_at`, `may_talk_until`: the end of the last conversation, and until when one may be going on. A campaign settles each of its
 *   calls, but nobody those of a campaign without a workflow: they count until their deadline. Only for campaigns with policies.
 */
export function numberRecord(of: OfNumber): string {
  const ofAccount = `coalesce((select max((one->>'max')::integer) from jsonb_array_elements(${of.limits}) one), ${MOST_BY_DEFAULT})`;
  const most = `greatest(${ofAccount}, case when ${hasPolicies(of)} then ${of.policyMost}::integer else 0 end)`;
  // An answer that a look-up found comes later than the request.
  const answered = `(case when p.accepted_at is not null then least(p.accepted_at, p.last_sent_at + ${REACHES}) end)`;
  return `
    ${of.limits} as per_number, (
    select array_agg(array[extract(epoch from coalesce(${answered}, p.last_sent_at)),
                           extract(epoch from coalesce(${answered}, p.last_sent_at + ${REACHES}))]::float8[])
      from ${PLACEMENTS_TO_NUMBER(of)} p
     where p.last_sent_at >= coalesce(
             (select q.last_sent_at from ${PLACEMENTS_TO_NUMBER(of)} q order by q.last_sent_at desc offset ${most} - 1 limit 1) - ${REACHES},
             '-infinity')) as placements,
    case when ${hasPolicies(of)} then extract(epoch from greatest(
      (select max(${ENDED_AT}) from ${CALLS_TO_NUMBER(of)} and coalesce(p.outcome, ${ENDED}) = 'completed'),
      (select max(talked_at) from deleted_placements where number_key = number_key(${of.account}, ${of.number}))))::float8 end as talked_at,
    case when ${hasPolicies(of)} then (
    select extract(epoch from max(case when exists (select from campaigns owned where owned.id = p.campaign_id and owned.owner_run_id is not null)
                                       then 'infinity' else coalesce(p.deadline_at, p.last_sent_at) end))::float8
      from ${CALLS_TO_NUMBER(of)} and p.settled_at is null and ${ENDED} is null) end as may_talk_until`;
}

/** Keeps what limits still count of a campaign that is about to be deleted: the times of calls to each number, and nothing else. */
export async function keepPlacements(tx: Queryable, account: string, campaignId: string, now: number): Promise<void> {
  await tx.query(
    `insert into deleted_placements (number_key, last_sent_at, accepted_at, talked_at, kept_until)
     select number_key, last_sent_at, accepted_at, talked_at,
            greatest(last_sent_at + ${REACHES}, talked_at) + longest.hours * interval '1 hour'
       from (select p.number_key, p.last_sent_at, p.accepted_at,
                    case when coalesce(p.outcome, ${ENDED}) = 'completed' then ${ENDED_AT} end as talked_at
               from calls p
              where p.campaign_id = $2 and p.number_key is not null and p.last_sent_at is not null and p.not_placed_reason is null) placed
      cross join (select greatest($4::integer, coalesce((select max((one->>'hours')::integer)
                                from accounts a, jsonb_array_elements(a.per_number) one where a.name = $1), $5)) as hours) longest
      where greatest(last_sent_at + ${REACHES}, talked_at) + longest.hours * interval '1 hour' > to_timestamp($3 / 1000.0)`,
    [account, campaignId, now, longestOfPolicies(), LONGEST_BY_DEFAULT],
  );
}

/** Deletes placements that no limit counts any more. Returns how many. */
export async function forgetPlacements(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from deleted_placements where ctid = any(array(
       select ctid from deleted_placements where kept_until < now() limit $1 for update skip locked))`,
    [limit],
  );
  return rowCount ?? 0;
}

export interface NumberRecordRow {
  readonly per_number: unknown;
  readonly placements: readonly (readonly [earliest: number, latest: number])[] | null;
  readonly talked_at: number | null;
  readonly may_talk_until: number | null;
}

/** What is on record about the calls to a number. */
export interface NumberRecord {
  readonly limits: readonly NumberLimit[];
  readonly placements: readonly NumberPlacement[];
  /** When the last conversation ended. Null: there was none. */
  readonly talkedAt: number | null;
  /** Until when one may be going on. Null: none may. */
  readonly mayTalkUntil: number | null;
}

/**
 * A placement to a number. It counts from the provider's answer. Without one it counts from an instant between its last try and the
 * last moment at which the provider can have got the request. Epoch milliseconds.
 */
export interface NumberPlacement {
  readonly earliest: number;
  readonly latest: number;
}

export function numberRecordOf({
  per_number: limits,
  placements,
  talked_at: talkedAt,
  may_talk_until: mayTalkUntil,
}: NumberRecordRow): NumberRecord {
  const ms = (seconds: number): number => Math.round(seconds * 1000);
  return {
    limits: limits === null ? DEFAULT_NUMBER_LIMITS : NumberLimits.parse(limits),
    placements: (placements ?? []).map(([earliest, latest]) => ({ earliest: ms(earliest), latest: ms(latest) })),
    talkedAt: talkedAt === null ? null : ms(talkedAt),
    mayTalkUntil: mayTalkUntil === null ? null : ms(mayTalkUntil),
  };
}

/**
 * Why the number must not be called now, and the earliest instant that may turn out to be right: an answer that is still on its way
 * says when its call counts from. Null: it may be called.
 */
export function numberHeld(
  { limits: ofAccount, placements, talkedAt, mayTalkUntil }: NumberRecord,
  { limits: ofPolicies, pauses }: PolicyLimits,
  now: number,
): (NumberHold & { readonly comesBackAt: number }) | null {
  const limits = [...ofAccount, ...ofPolicies];
  const last = mayTalkUntil !== null && now < mayTalkUntil ? 'now' : talkedAt;
  const talked = conversationHold(pauses, last, now);
  const holdBy = (instant: keyof NumberPlacement): NumberHold | null =>
    laterHold(
      numberHold(
        limits,
        placements.map((one) => one[instant]),
        now,
      ),
      talked,
    );
  const hold = holdBy('latest');
  return hold && { ...hold, comesBackAt: holdBy('earliest')?.until ?? hold.until };
}
