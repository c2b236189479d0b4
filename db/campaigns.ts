/** Records of campaigns that the gateway creates and deletes. The engine's changes are in `roster.ts`. */
import { readDatabaseClock } from './clock.ts';
import { randomUUID } from 'node:crypto';
import type { CampaignTerms } from '../domain/api/campaign-request.ts';
import type { Ending } from '../domain/engine/campaign-state.ts';
import { isOver } from '../domain/engine/commands.ts';
import type { Whereabouts } from '../domain/contacts/contact-group.ts';
import type { Contact } from '../domain/contacts/contact.ts';
import { ERROR_CODES } from '../domain/engine/error-codes.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { failedStart, START_REFUSED } from '../domain/api/failed-start.ts';
import type { InterruptedReason, RecordedStatus } from '../domain/api/interruption.ts';
import { DELETIONS } from '../domain/engine/time-limits.ts';
import { copyContacts, DERIVED, derived, type Enrolment } from './enrolment.ts';
import { unlessBusy } from './folders.ts';
import { openCalls } from './interruptions.ts';
import { inLongTransaction } from './long-transaction.ts';
import { keepPlacements } from './number-placements.ts';
import { type AtEnd, inTransaction, type Pool, type Queryable } from './pool.ts';

/** Limits the parameters of a single statement, however many contacts a campaign has. */
const INSERT_CHUNK = 1_000;

export interface NewCampaign {
  readonly id: string;
  readonly account: string;
  readonly terms: CampaignTerms;
  readonly total: number;
  readonly now: number;
}

/**
 * Records a campaign with all its contacts pending. A campaign with its own contacts counts as enrolled; its workflow
 * copies those of a folder.
 */
export async function insertCampaign(tx: Queryable, { id, account, terms, total, now }: NewCampaign): Promise<void> {
  const startsLater = terms.scheduled_at !== null && Date.parse(terms.scheduled_at) > now;
  await tx.query(
    `insert into campaigns
       (id, account, name, agent_id, spec, folder_id, status, waiting_for, waiting_until, total, pending,
        created_at, updated_at, enrolled_at, connection)
     values ($1, $2, $3, $4, $5, $6, $7, 'start', $8, $9, $9, $10, $10, $11, $12)`,
    [
      id,
      account,
      terms.name,
      terms.agent_id,
      terms,
      terms.contact_folder_id,
      startsLater ? 'scheduled' : 'active',
      // Converted, because PostgreSQL accepts fewer offsets than ISO 8601.
      startsLater && terms.scheduled_at !== null ? new Date(terms.scheduled_at) : null,
      total,
      new Date(now),
      terms.contact_folder_id === null ? new Date(now) : null,
      terms.connection,
    ],
  );
}

export type CampaignContact = Contact & { readonly contact_id: string };
/** A stored contact without its details: ten thousand with all their details may take two gigabytes. */
export type StoredContact = Pick<CampaignContact, 'contact_id' | 'phone_number' | 'extension' | 'timezone'> &
  Pick<Whereabouts, 'region'> & {
    /** Nobody calls the contact before. Default: at any time. */
    readonly not_before?: Date | null;
  };

/**
 * Copies stored contacts into a campaign, in this order, after the contacts that it has, inside the database.
 *
 * @throws RingfenceError `conflict` if one of them was removed since it was found
 */
export async function copyStoredContacts(
  tx: Queryable,
  campaignId: string,
  contacts: readonly StoredContact[],
  before: number,
  enrolment: Enrolment,
): Promise<void> {
  for (let from = 0; from < contacts.length; from += INSERT_CHUNK) {
    const chunk = contacts.slice(from, from + INSERT_CHUNK).map((contact) => ({ ...contact, id: contact.contact_id }));
    if ((await copyContacts(tx, campaignId, chunk, before + from, enrolment)) === chunk.length) continue;
    const message =
      'Somebody out of contact_ids was removed at this moment: leave them out, and send the request again.';
    throw new RingfenceError('conflict', message, { field: 'contact_ids' });
  }
}

/** Inserts contacts into a campaign, in this order, after the contacts that it has. */
export async function insertCampaignContacts(
  tx: Queryable,
  campaignId: string,
  contacts: readonly CampaignContact[],
  before: number,
  enrolment: Enrolment,
): Promise<void> {
  for (let from = 0; from < contacts.length; from += INSERT_CHUNK) {
    const chunk = contacts
      .slice(from, from + INSERT_CHUNK)
      .map((contact) => ({ ...contact, ...enrolment.assign(contact) }));
    await tx.query(
      `insert into campaign_contacts
         (campaign_id, seq, contact_id, phone_number, extension, first_name, last_name, email, timezone, custom_fields,
          region, not_before, group_no, bucket, reason, ${DERIVED})
       select $1, $2 + row_number() over (), contact_id, phone_number, coalesce(extension, ''),
              first_name, last_name, email, timezone, custom_fields, region, not_before, group_no, bucket, reason,
              ${derived('stated')}
         from rows from (jsonb_to_recordset($3) as
                (contact_id uuid, phone_number text, extension text, first_name text, last_name text, email text,
                 timezone text, priority smallint, not_before timestamptz, custom_fields jsonb, region text,
                 group_no smallint, bucket text, reason text)) with ordinality as stated
        order by ordinality`,
      [campaignId, before + from, JSON.stringify(chunk)],
    );
  }
}

/** A contact of a request, with a new id. */
export function withContactId(contact: Contact): CampaignContact {
  return { ...contact, contact_id: randomUUID() };
}

/**
 * Counts a folder's contacts and locks the folder until the transaction ends, so that the count stays true. Null if the
 * account has no such folder.
 */
export async function countFolder(tx: Queryable, account: string, folderId: string): Promise<number | null> {
  const folder = await unlessBusy('contact_folder_id', () =>
    tx.query('select 1 from contact_folders where id = $1 and account = $2 for share', [folderId, account]),
  );
  if (folder.rowCount === 0) return null;
  const { rows } = await tx.query<{ count: number }>(
    'select count(*)::integer as count from contacts where folder_id = $1',
    [folderId],
  );
  return rows[0]?.count ?? 0;
}

/** The contacts of any of the account's folders that have these ids, in the order of the ids. */
export async function findContacts(tx: Queryable, account: string, ids: readonly string[]): Promise<StoredContact[]> {
  const { rows } = await tx.query<StoredContact>(
    `select c.id as contact_id, c.phone_number, nullif(c.extension, '') as extension, c.timezone, c.region, c.not_before
       from unnest($2::uuid[]) with ordinality as wanted (id, position)
       join contacts c on c.id = wanted.id
       join contact_folders f on f.id = c.folder_id and f.account = $1
      order by wanted.position`,
    [account, ids],
  );
  return rows;
}

export interface CommandedCampaign {
  readonly id: string;
  readonly ending: Ending | null;
  readonly status: RecordedStatus;
  /** The reason of the interruption, if it is interrupted. */
  readonly interrupted_reason: InterruptedReason | null;
  readonly interrupted_code: string | null;
  /** The reason why Temporal refuses to start it, if it does. */
  readonly failure: string | null;
  readonly terms: CampaignTerms;
  readonly started: boolean;
}

/** What a command must know about a campaign. Null if the account has no such campaign. */
export async function findCommanded(db: Queryable, account: string, id: string): Promise<CommandedCampaign | null> {
  const { rows } = await db.query<CommandedCampaign>(
    `select id, status, ending, interrupted_reason, interrupted_code, failure, spec as terms,
            workflow_started_at is not null as started
       from campaigns where account = $1 and id = $2`,
    [account, id],
  );
  return rows[0] ?? null;
}

/** Records that a campaign's workflow was started, so that nobody starts it again. */
export async function markWorkflowStarted(db: Queryable, campaignId: string): Promise<void> {
  await db.query('update campaigns set workflow_started_at = now() where id = $1 and workflow_started_at is null', [
    campaignId,
  ]);
}

/** A place among the campaigns without a workflow, in the order in which they were recorded. */
export interface UnstartedPlace {
  readonly id: string;
  /** As PostgreSQL writes it, to the microsecond. */
  readonly createdAt: string;
}

export interface UnstartedCampaign extends UnstartedPlace {
  readonly terms: CampaignTerms;
}

/**
 * The next campaigns that were recorded at least `olderThanMs` ago and have no workflow yet, after `after` and up to
 * `upTo`. Nothing is locked, because a start may take seconds and a request may change the campaign meanwhile.
 */
export async function findUnstarted(
  db: Queryable,
  {
    olderThanMs,
    after,
    upTo,
    limit,
  }: {
    readonly olderThanMs: number;
    readonly after: UnstartedPlace | null;
    readonly upTo: UnstartedPlace | null;
    readonly limit: number;
  },
): Promise<UnstartedCampaign[]> {
  const { rows } = await db.query<UnstartedCampaign>(
    `select id, created_at::text as "createdAt", spec as terms from campaigns
      where workflow_started_at is null and status in ('scheduled', 'active', 'paused')
        and created_at <= now() - $1 * interval '1 millisecond'
        and ($3::timestamptz is null or (created_at, id) > ($3, $4::uuid))
        and ($5::timestamptz is null or (created_at, id) <= ($5, $6::uuid))
      order by created_at, id limit $2`,
    [olderThanMs, limit, after?.createdAt, after?.id, upTo?.createdAt, upTo?.id],
  );
  return rows;
}

/**
 * Notes that Temporal refuses to start a campaign, for good: it has failed, and everybody of it is skipped. A folder is not
 * copied for it any more. False where the campaign has not failed, because somebody else has had it started.
 */
export async function recordFailedStart(pool: Pool, campaignId: string, reason: string): Promise<boolean> {
  return inTransaction(pool, async (tx) => {
    const { rowCount } = await tx.query(
      `update campaigns
          set status = 'failed', failure = $2, waiting_for = null, waiting_until = null, ended_at = now(),
              updated_at = now(), skipped = skipped + pending, pending = 0
        where id = $1 and workflow_started_at is null and owner_run_id is null
          and status in ('scheduled', 'active', 'paused')`,
      [campaignId, reason],
    );
    if (rowCount === 0) return hasFailedStart(tx, campaignId);
    await tx.query(
      `update campaign_contacts set bucket = 'skipped', reason = $2 where campaign_id = $1 and bucket = 'pending'`,
      [campaignId, START_REFUSED],
    );
    const { code, message, details } = failedStart(campaignId, reason);
    await tx.query('update idempotency_keys set status = $2, answer = $3 where campaign_id = $1', [
      campaignId,
      ERROR_CODES[code].status,
      JSON.stringify({ error: { code, message, details } }),
    ]);
    return true;
  });
}

async function hasFailedStart(tx: Queryable, campaignId: string): Promise<boolean> {
  const { rowCount } = await tx.query('select from campaigns where id = $1 and failure is not null', [campaignId]);
  return rowCount === 1;
}

/** Why a campaign was not removed: it has not ended or, where it is interrupted, a call of it may go on until then. */
export interface Kept {
  readonly status: RecordedStatus;
  /** Epoch milliseconds; null where no call keeps it. */
  readonly callUntil: number | null;
}

/**
 * Deletes a campaign that has ended, with its contacts and calls. Limits per number go on counting the calls. An interrupted campaign can be deleted once none of
 * its calls can be live. `lastsMs` is the longest time from a call's request to its end.
 */
export async function deleteEndedCampaign(
  pool: Pool,
  account: string,
  id: string,
  lastsMs: (connection: string) => number,
  atEnd: AtEnd<'deleted'> = async () => {},
): Promise<'deleted' | 'not_found' | Kept> {
  return inLongTransaction(pool, account, DELETIONS, async (tx) => {
    const { rows } = await tx.query<{ status: RecordedStatus }>(
      'select status from campaigns where account = $1 and id = $2 for update',
      [account, id],
    );
    const campaign = rows[0];
    if (!campaign) return 'not_found';
    const { status } = campaign;
    if (status === 'interrupted') {
      const calls = await openCalls(tx, id);
      const callUntil = Math.max(...calls.map(({ connection, lastSentAt }) => lastSentAt + lastsMs(connection)));
      if (callUntil > (await readDatabaseClock(tx))) return { status, callUntil };
    } else if (!isOver(status)) {
      return { status, callUntil: null };
    }
    await keepPlacements(tx, account, id, await readDatabaseClock(tx));
    await tx.query('delete from campaigns where id = $1', [id]);
    await atEnd(tx, 'deleted');
    return 'deleted';
  });
}
