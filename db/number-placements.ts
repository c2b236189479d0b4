/**
 * Placements to one number over all campaigns of an account, for the limits per number. Each dial that may be placed holds the
 * lock of its number from before it counts until its record is committed, so two dials never count each other out.
 *
 * A dial takes its locks in this order, so no two wait for each other: against an adoption of its campaign, of its number, and
 * then those of rows.
 */
import { DIAL } from '../domain/engine/dial-budget.ts';
import { DEFAULT_NUMBER_LIMITS, type NumberLimit, NumberLimits } from '../domain/dialling/number-limits.ts';
import type { Queryable } from './pool.ts';

/**
 * From the permission of a try until the provider certainly has its request, if it ever gets it. A placement without an answer
 * counts as if it had been placed then.
 */
const REACHES_WITHIN_MS = DIAL.sendWithinMs + DIAL.longestRequestMs;
const MOST_BY_DEFAULT = Math.max(...DEFAULT_NUMBER_LIMITS.map(({ max }) => max));

/**
 * Locks the number of a contact in its account, and the campaign against adoptions. One statement, because every dial executes
 * it; what is read after it holds until the transaction ends. Extensions are the same number.
 */
export async function lockDial(
  tx: Queryable,
  { campaignId, seq }: { readonly campaignId: string; readonly seq: number },
): Promise<void> {
  await tx.query({
    name: 'lock-dial',
    text: `
      select pg_advisory_xact_lock_shared(hashtextextended($1::uuid::text, 0)),
             (select pg_advisory_xact_lock(hashtext(c.account), hashtext(k.phone_number))
                from campaigns c join campaign_contacts k on k.campaign_id = c.id and k.seq = $2
               where c.id = $1)`,
    values: [campaignId, seq],
  });
}

/**
 * SQL for the newest placements to a number, at least as many as a limit allows, for `placementsOf`. A placement is no older than
 * its last try and not much newer, so the index finds all that may be among the newest.
 *
 * @param of columns and parameters: account, number, the account's limits as JSON, and a call that does not count
 */
export function newestPlacements(of: {
  readonly account: string;
  readonly number: string;
  readonly limits: string;
  readonly except: string;
}): string {
  const most = `coalesce((select max((one->>'max')::integer) from jsonb_array_elements(${of.limits}) one), ${MOST_BY_DEFAULT})`;
  const reaches = `interval '${REACHES_WITHIN_MS} milliseconds'`;
  // An answer that a look-up found comes later than the request.
  const answered = `(case when p.accepted_at is not null then least(p.accepted_at, p.last_sent_at + ${reaches}) end)`;
  const placements = (alias: string) => `
    calls ${alias}
     where ${alias}.number_key = number_key(${of.account}, ${of.number}) and ${alias}.last_sent_at is not null
       and ${alias}.not_placed_reason is null and ${alias}.id is distinct from ${of.except}`;
  return `(
    select array_agg(array[extract(epoch from coalesce(${answered}, p.last_sent_at)),
                           extract(epoch from coalesce(${answered}, p.last_sent_at + ${reaches}))]::float8[])
      from ${placements('p')}
       and p.last_sent_at >= coalesce(
             (select q.last_sent_at from ${placements('q')} order by q.last_sent_at desc offset ${most} - 1 limit 1) - ${reaches},
             '-infinity'))`;
}

/**
 * A placement to a number. It counts from the provider's answer. Without one it counts from an instant between its last try and the
 * last moment at which the provider can have got the request. Epoch milliseconds.
 */
export interface NumberPlacement {
  readonly earliest: number;
  readonly latest: number;
}

/** The result of `newestPlacements`: pairs of seconds. Null: there are none. */
export function placementsOf(rows: readonly (readonly [number, number])[] | null): NumberPlacement[] {
  return (rows ?? []).map(([earliest, latest]) => ({
    earliest: Math.round(earliest * 1000),
    latest: Math.round(latest * 1000),
  }));
}

/** The limits of an account from its column `per_number`. */
export function numberLimitsOf(perNumber: unknown): readonly NumberLimit[] {
  return perNumber === null ? DEFAULT_NUMBER_LIMITS : NumberLimits.parse(perNumber);
}
