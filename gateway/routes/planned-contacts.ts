/** Contacts that are not copied into a campaign, by the groups into which they would come. For forecasts. */
import { mapInTurns } from '../../contact-files/turns.ts';
import { folderContacts } from '../../db/enrolment.ts';
import type { RecordedForecastCampaign } from '../../db/forecast-input.ts';
import type { Pool, Queryable } from '../../db/pool.ts';
import { groupTerms } from '../../domain/api/group-terms.ts';
import type { AllowedNumbers } from '../../domain/contacts/allowed-numbers.ts';
import { ContactGroups, haveOwnHours } from '../../domain/contacts/contact-group.ts';
import {
  GroupCounts,
  type PendingGroups,
  type PlannedContact,
  TIMES_TOGETHER_MS,
  type TimedContacts,
} from '../../domain/contacts/group-counts.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import type { ForecastCampaign } from '../../domain/forecast/forecast.ts';
import type { ForecastRequest } from '../../domain/forecast/request.ts';
import { OWN_HOURS } from '../../domain/windows/group-hours.ts';
import {
  CONTACTS_PER_TURN,
  folderSize,
  knownContacts,
  neverOpen,
  statedContacts,
  withoutDuplicates,
} from './create-campaign.ts';

export interface PlanOptions {
  readonly pool: Pool;
  readonly now: number;
  /** The connections through which the campaign may call. */
  readonly allowed: readonly AllowedNumbers[];
}

/**
 * The contacts that a campaign created by this request would call, by groups.
 *
 * @throws RingfenceError `validation_error`, `country_not_allowed`, `number_type_not_allowed`
 */
export async function plannedContacts(
  { pool, now, allowed }: PlanOptions,
  account: string,
  plan: ForecastRequest,
): Promise<PendingGroups> {
  const terms = groupTerms(plan);
  const counts = new GroupCounts(new ContactGroups(terms, now), now);
  if (!haveOwnHours(terms)) counts.addToGroup(OWN_HOURS, 0);
  const { contact_count: count, contact_folder_id: folderId } = plan;
  if (count !== null) {
    if (haveOwnHours(terms)) throw noWhereabouts();
    counts.addToGroup(OWN_HOURS, count);
  } else if (folderId === null) {
    const people = await peopleOf(pool, account, plan, allowed);
    await countInTurns(people, counts);
    if (people.length > 0 && counts.neverOpen === people.length) throw neverOpen(plan);
  } else {
    const total = await folderSize(pool, account, folderId, plan);
    if (!haveOwnHours(terms)) return inOwnHours(total, await timedInFolder(pool, folderId, now));
    await countFolderContacts(pool, folderId, counts);
  }
  return counts.pendingGroups();
}

/** The campaign with the contacts of its folder, if they are not copied yet. No call is placed before. */
export async function withUncopied(
  pool: Pool,
  { campaign, uncopied }: RecordedForecastCampaign,
): Promise<ForecastCampaign> {
  if (!uncopied) return campaign;
  const counts = new GroupCounts(new ContactGroups(groupTerms(uncopied.terms), campaign.now), campaign.now);
  for (const [index, rule] of campaign.groups.entries()) counts.addToGroup(rule, campaign.pending[index] ?? 0);
  await countFolderContacts(pool, uncopied.folderId, counts);
  const { waiting, ...groups } = counts.pendingGroups();
  return { ...campaign, ...groups, waiting: [...campaign.waiting, ...waiting] };
}

function inOwnHours(total: number, waiting: readonly TimedContacts[]): PendingGroups {
  const later = waiting.reduce((sum, { contacts }) => sum + contacts, 0);
  return { groups: [OWN_HOURS], pending: [total - later], waiting };
}

/** The contacts of a folder who are called later, without reading each of them. */
async function timedInFolder(db: Queryable, folderId: string, now: number): Promise<TimedContacts[]> {
  const { rows } = await db.query<{ contacts: number; due_at: Date }>(
    `select count(*)::integer as contacts, max(not_before) as due_at from contacts
      where folder_id = $1 and not_before > $2
      group by floor(extract(epoch from not_before) * 1000 / $3)`,
    [folderId, new Date(now), TIMES_TOGETHER_MS],
  );
  return rows.map(({ contacts, due_at: dueAt }) => ({ group: 0, attempt: 1, contacts, dueAt: dueAt.getTime() }));
}

function noWhereabouts(): RingfenceError {
  const message =
    'contact_count does not say where people are, which decides their hours with timezone "contact" and with these policies: give contacts, contact_ids or a folder instead, or a time zone without policy';
  return new RingfenceError('validation_error', message, { field: 'contact_count' });
}

async function peopleOf(
  db: Queryable,
  account: string,
  plan: ForecastRequest,
  allowed: readonly AllowedNumbers[],
): Promise<readonly PlannedContact[]> {
  const stated = await statedContacts(plan, allowed);
  const known = withoutDuplicates(await knownContacts(db, account, plan.contact_ids, allowed));
  return [...known, ...withoutDuplicates(stated, known)];
}

/** Counts the contacts of a folder, in turns with other requests. */
async function countFolderContacts(db: Queryable, folderId: string, counts: GroupCounts): Promise<void> {
  for await (const contacts of folderContacts(db, folderId)) await countInTurns(contacts, counts);
}

async function countInTurns(people: readonly PlannedContact[], counts: GroupCounts): Promise<void> {
  await mapInTurns(people, CONTACTS_PER_TURN, (contact) => counts.add(contact));
}
