/**
 * People who are added to a recorded campaign, and taken out of it. Each change locks the campaign's row first, like an exchange
 * and the end of the campaign, so it comes before or after each of them. The next exchange tells the workflow.
 */
import type { CampaignTerms } from '../domain/api/campaign-request.ts';
import { isOver } from '../domain/engine/commands.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { type Bucket, isTerminal } from '../domain/engine/tally.ts';
import { requireRoomInCampaigns } from './account-limits.ts';
import { addTransitions, applyToCounters, type CounterChanges } from './bucket-transitions.ts';
import { copyStoredContacts, type CampaignContact, insertCampaignContacts, type StoredContact } from './campaigns.ts';
import { openCursors } from './claims.ts';
import { readDatabaseClock } from './clock.ts';
import { enrol, Enrolment } from './enrolment.ts';
import type { Queryable } from './pool.ts';
import { lockCampaign, type LockedCampaign } from './workflow-records.ts';

/** The reason of a contact that was taken out. */
export const REMOVED = 'removed';

type Person = Pick<StoredContact, 'phone_number' | 'extension'>;

/** People to add. Nobody is named twice. */
export interface Newcomers {
  readonly stored: readonly StoredContact[];
  readonly stated: readonly CampaignContact[];
}

export interface RosterChange {
  /** Whether the workflow must be told. Otherwise it is being told of an earlier change, and learns of this one as well. */
  readonly tell: boolean;
}

/**
 * Adds the people who are not in the campaign yet, after those that it has. A person who was taken out is still in it.
 *
 * @param choose those of `newcomers` who are not among the given people
 * @throws RingfenceError `campaign_over`; `account_limit`; `conflict` if a stored contact was removed meanwhile
 */
export async function addContacts(
  tx: Queryable,
  { account, id: campaignId }: { readonly account: string; readonly id: string },
  newcomers: Newcomers,
  choose: (people: Newcomers, known: readonly Person[]) => Newcomers,
): Promise<RosterChange & { readonly added: number; readonly total: number }> {
  const campaign = await lockOpen(tx, campaignId);
  const { stored, stated } = choose(newcomers, await findPeople(tx, campaignId, campaign, newcomers));
  const added = stored.length + stated.length;
  const total = campaign.total + added;
  if (added === 0) return { added, total, tell: false };
  await requireRoomInCampaigns(tx, account, added);
  const enrolment = new Enrolment(campaignId, await readTerms(tx, campaignId), await readDatabaseClock(tx));
  await enrolment.takeRecorded(tx);
  // A folder that is not copied yet has its places before those of added people: its size is in the total.
  await copyStoredContacts(tx, campaignId, stored, campaign.total, enrolment);
  await insertCampaignContacts(tx, campaignId, stated, campaign.total + stored.length, enrolment);
  await tx.query('update campaigns set total = total + $2, pending = pending + $2, updated_at = now() where id = $1', [
    campaignId,
    added,
  ]);
  await enrolment.finish(tx, { mayMerge: false });
  // Otherwise the copy of the folder sets the cursors, in front of its contacts.
  if (campaign.uncopied_folder === null) await openCursors(tx, campaignId);
  return { added, total, tell: await noteChange(tx, campaignId, campaign) };
}

async function readTerms(tx: Queryable, campaignId: string): Promise<CampaignTerms> {
  const { rows } = await tx.query<{ terms: CampaignTerms }>('select spec as terms from campaigns where id = $1', [
    campaignId,
  ]);
  return rows[0]!.terms;
}

/** Those who are in the campaign already, or in the folder that it is going to copy. */
async function findPeople(
  tx: Queryable,
  campaignId: string,
  { uncopied_folder: folder }: LockedCampaign,
  { stored, stated }: Newcomers,
): Promise<Person[]> {
  const numbers = [...new Set([...stored, ...stated].map((one) => one.phone_number))];
  const { rows } = await tx.query<Person>(
    `select phone_number, nullif(extension, '') as extension from campaign_contacts
      where campaign_id = $1 and phone_number = any($2)
     union all
     select phone_number, nullif(extension, '') from contacts where folder_id = $3 and phone_number = any($2)`,
    [campaignId, numbers, folder],
  );
  return rows;
}

export type Removal =
  | ({ readonly kind: 'removed' } & RosterChange)
  /** It was taken out before. Nothing changes. */
  | { readonly kind: 'was_removed' }
  | { readonly kind: 'not_found' };

/**
 * Takes a contact out that waits for a call: it becomes `skipped`.
 *
 * @throws RingfenceError `campaign_over`, `contact_over`, `contact_in_call`
 */
export async function removeContact(tx: Queryable, campaignId: string, contactId: string): Promise<Removal> {
  const campaign = await lockOpen(tx, campaignId);
  const contact = await lockContact(tx, campaignId, contactId);
  if (contact === null) return { kind: 'not_found' };
  const { seq, bucket, reason } = contact;
  if (bucket === 'skipped' && reason === REMOVED) return { kind: 'was_removed' };
  refuseUnlessWaiting(contact);
  await tx.query(
    `update campaign_contacts
        set bucket = 'skipped', reason = $3, due_at = null, waits_for = null, ${taken('$4')}
      where campaign_id = $1 and seq = $2`,
    [campaignId, seq, REMOVED, campaign.last_exchange + 1],
  );
  const transitions: CounterChanges = { deltas: {}, called: 0 };
  addTransitions(transitions, [{ from: bucket, to: 'skipped', contacts: 1, called: 0 }]);
  await applyToCounters(tx, campaignId, transitions);
  return { kind: 'removed', tell: await noteChange(tx, campaignId, campaign) };
}

/** A contact whose next call was moved. */
export interface Moved extends RosterChange {
  readonly bucket: Bucket;
  readonly attempt: number;
}

/**
 * Moves the next call of a contact that waits to this instant, which may have passed. Null: there is no such contact.
 *
 * @throws RingfenceError `campaign_over`, `contact_over`, `contact_in_call`
 */
export async function moveNextCall(
  tx: Queryable,
  campaignId: string,
  contactId: string,
  at: Date,
): Promise<Moved | null> {
  const campaign = await lockOpen(tx, campaignId);
  const contact = await lockContact(tx, campaignId, contactId);
  if (contact === null) return null;
  refuseUnlessWaiting(contact);
  const { seq, bucket, attempt } = contact;
  await tx.query(
    `update campaign_contacts set not_before = $3, due_at = $3, waits_for = 'not_before', ${taken('$4')}
      where campaign_id = $1 and seq = $2`,
    [campaignId, seq, at, campaign.last_exchange + 1],
  );
  return { bucket, attempt, tell: await noteChange(tx, campaignId, campaign) };
}

interface ContactInCampaign {
  readonly seq: number;
  readonly bucket: Bucket;
  readonly reason: string | null;
  readonly attempt: number;
  readonly in_call: boolean;
}

/**
 * Keeps dials from their first step until the transaction ends. So each dial is on record before the contact is read here, or sees
 * what becomes of it. Null: there is no such contact.
 */
async function lockContact(tx: Queryable, campaignId: string, contactId: string): Promise<ContactInCampaign | null> {
  await enrol(tx, campaignId);
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1::uuid::text, 0))', [campaignId]);
  const { rows } = await tx.query<ContactInCampaign>(
    `select seq, bucket, reason, attempt,
            exists (select from calls
                     where calls.campaign_id = c.campaign_id and calls.seq = c.seq and calls.attempt = c.attempt
                       and settled_at is null and (first_sent_at is not null or not_placed_reason is not null)) as in_call
       from campaign_contacts c where campaign_id = $1 and contact_id = $2`,
    [campaignId, contactId],
  );
  return rows[0] ?? null;
}

function refuseUnlessWaiting({ bucket, in_call }: ContactInCampaign): void {
  if (isTerminal(bucket)) {
    const message = `The contact is ${bucket} and is not called any more.`;
    throw new RingfenceError('contact_over', message, { field: 'contact_id', details: { call_status: bucket } });
  }
  if (bucket === 'in_progress' || in_call) {
    const message = 'The contact is being called. Try again after the call, if the contact is called again.';
    throw new RingfenceError('contact_in_call', message, { field: 'contact_id', details: { call_status: bucket } });
  }
}

/** Assignments that return a claim, of which the next exchange tells the workflow. */
function taken(byExchange: string): string {
  return `claimed_in_exchange = null,
            taken_before_exchange = case when claimed_in_exchange is not null then ${byExchange}::integer
                                         else taken_before_exchange end`;
}

/** Locks a campaign that people may still be added to and taken out of. */
async function lockOpen(tx: Queryable, campaignId: string): Promise<LockedCampaign> {
  const campaign = await lockCampaign(tx, campaignId);
  const { status, ending } = campaign;
  if (!isOver(status) && ending === null) return campaign;
  const state = isOver(status) ? status : 'ending';
  const message = `The campaign is ${state}: nobody can be added to it or taken out of it any more.`;
  throw new RingfenceError('campaign_over', message, { details: { status, ending } });
}

async function noteChange(tx: Queryable, campaignId: string, { roster_changed }: LockedCampaign): Promise<boolean> {
  await tx.query('update campaigns set roster_changed_at = coalesce(roster_changed_at, now()) where id = $1', [
    campaignId,
  ]);
  return !roster_changed;
}

/** An exchange follows the signal within seconds. After this time the signal counts as lost. */
const LOST_AFTER = '5 seconds';

/**
 * Claims running campaigns whose roster changed a while ago and that have not looked at it since: the signal was lost. Several
 * processes may do so at the same time; each campaign goes to one of them.
 */
export async function claimUnseenChanges(db: Queryable, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `update campaigns set roster_changed_at = now()
      where id = any(array(
        select id from campaigns
         where roster_changed_at <= now() - $2::interval
           and status in ('scheduled', 'active', 'paused') and workflow_started_at is not null
         order by roster_changed_at limit $1 for no key update skip locked))
      returning id`,
    [limit, LOST_AFTER],
  );
  return rows.map(({ id }) => id);
}
