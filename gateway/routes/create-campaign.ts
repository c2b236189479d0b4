import { createHash, randomUUID } from 'node:crypto';
import { mapInTurns } from '../../contact-files/turns.ts';
import { requireRoomForCampaign } from '../../db/account-limits.ts';
import { readCampaign } from '../../db/campaign-queries.ts';
import {
  type CampaignContact,
  copyStoredContacts,
  countFolder,
  findContacts,
  insertCampaign,
  insertCampaignContacts,
  type StoredContact,
  withContactId,
} from '../../db/campaigns.ts';
import { openCursors } from '../../db/claims.ts';
import { Enrolment } from '../../db/enrolment.ts';
import { type AtEnd, inTransaction, type Pool, type Queryable } from '../../db/pool.ts';
import type { Campaign } from '../../domain/api/campaign-responses.ts';
import { type CampaignTerms, campaignTerms, type CreateCampaign } from '../../domain/api/campaign-request.ts';
import { refuseExpired } from '../../domain/api/campaign-terms.ts';
import { policiesNamed } from '../../domain/windows/policies/built-in.ts';
import { refuseUnknownRegion } from '../../domain/windows/holidays.ts';
import { refuseWithoutRoom } from '../../domain/windows/room-to-dial.ts';
import { allowedByAny, type AllowedNumbers, notAllowed, refusalByAll } from '../../domain/contacts/allowed-numbers.ts';
import { numberFacts } from '../../domain/contacts/number-kind.ts';
import { contactFrom } from '../../domain/contacts/contact.ts';
import { campaignIdOfDigest } from '../../domain/engine/ids.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { assertNamesAllowed, chooseConnection } from '../../providers/connections/choose.ts';
import type { Connections, OpenConnection } from '../../providers/connections/open-connections.ts';
import { dialMarginMs } from '../../domain/engine/dial-margin.ts';

export interface CreationOptions {
  readonly pool: Pool;
  readonly now: number;
  readonly connections: Connections;
}

export interface Creation {
  /** Default: a random one. */
  readonly id?: string;
  readonly atEnd?: AtEnd<Campaign>;
}

/**
 * Records a campaign with its contacts, in one transaction.
 *
 * @throws RingfenceError `validation_error`, `country_not_allowed`, `number_type_not_allowed`, `account_limit`
 */
export async function createCampaign(
  { pool, now, connections }: CreationOptions,
  account: string,
  request: CreateCampaign,
  { id = randomUUID(), atEnd = async () => {} }: Creation = {},
): Promise<Campaign> {
  const prepared = await prepare(connections, account, request);
  return inTransaction(pool, async (tx) => {
    const campaign = await recordCampaign(tx, { id, account, request, now, ...prepared });
    await atEnd(tx, campaign);
    return campaign;
  });
}

async function prepare(connections: Connections, account: string, request: CreateCampaign): Promise<Prepared> {
  const { connection, provider } = chooseConnection(connections, account, request.connection);
  assertNamesAllowed(connection, request);
  policiesNamed(request.policy);
  return { connection, provider, stated: await statedContacts(request, [connection]) };
}

/** Reading a phone number takes tens of microseconds. */
export const CONTACTS_PER_TURN = 100;

export type People = Pick<CreateCampaign, 'contact_folder_id' | 'contacts' | 'contact_ids' | 'open_ended'>;

export function statedContacts(
  { contacts }: Pick<People, 'contacts'>,
  allowed: readonly AllowedNumbers[],
): Promise<CampaignContact[]> {
  const rule = allowedByAny(allowed);
  return mapInTurns(contacts, CONTACTS_PER_TURN, (contact, index) =>
    withContactId(contactFrom(contact, undefined, `contacts[${index}]`, rule)),
  );
}

export function campaignIdOf(account: string, key: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([account, key]))
    .digest();
  return campaignIdOfDigest(digest);
}

interface Prepared extends OpenConnection {
  readonly stated: readonly CampaignContact[];
}

interface Recording extends Prepared {
  readonly id: string;
  readonly account: string;
  readonly request: CreateCampaign;
  readonly now: number;
}

async function recordCampaign(
  tx: Queryable,
  { id, account, request, connection, provider, stated, now }: Recording,
): Promise<Campaign> {
  const terms = campaignTerms(request, connection.name);
  refuseExpired(terms, now);
  refuseUnknownRegion(terms.holidays);
  refuseWithoutRoom(terms, dialMarginMs(provider.facts));
  if (terms.contact_folder_id !== null) {
    const total = await folderSize(tx, account, terms.contact_folder_id, request);
    await requireRoomForCampaign(tx, account, total);
    await insertCampaign(tx, { id, account, terms, total, now });
  } else {
    const known = withoutDuplicates(await knownContacts(tx, account, request.contact_ids, [connection]));
    const others = withoutDuplicates(stated, known);
    const total = known.length + others.length;
    await requireRoomForCampaign(tx, account, total);
    await insertCampaign(tx, { id, account, terms, total, now });
    const enrolment = new Enrolment(id, terms, now);
    await copyStoredContacts(tx, id, known, 0, enrolment);
    await insertCampaignContacts(tx, id, others, known.length, enrolment);
    if (total > 0 && enrolment.neverOpen === total) throw neverOpen(terms);
    await enrolment.finish(tx, { mayMerge: true });
    await openCursors(tx, id);
  }
  const answer = await readCampaign(tx, account, id, now);
  if (!answer) throw new Error('the campaign that was just recorded is not there');
  return answer;
}

/** Nobody could ever be called, as with hours that leave no room. */
export function neverOpen({ policy }: Pick<CampaignTerms, 'policy'>): RingfenceError {
  const message = `policy leaves nothing of the calling hours for any of the contacts (${policy.join(', ')}): choose hours that it allows, or leave it out`;
  return new RingfenceError('validation_error', message, { field: 'policy' });
}

export async function folderSize(
  tx: Queryable,
  account: string,
  folderId: string,
  { open_ended }: Pick<CreateCampaign, 'open_ended'>,
): Promise<number> {
  const total = await countFolder(tx, account, folderId);
  if (total || (total === 0 && open_ended)) return total;
  const message =
    total === null
      ? 'contact_folder_id names no folder of this account: GET /contacts/folders lists them'
      : 'contact_folder_id names an empty folder: import contacts into it first';
  throw new RingfenceError('validation_error', message, { field: 'contact_folder_id' });
}

export async function knownContacts(
  tx: Queryable,
  account: string,
  given: readonly string[],
  allowed: readonly AllowedNumbers[],
): Promise<StoredContact[]> {
  const ids = [...new Set(given)];
  const known = await findContacts(tx, account, ids);
  if (known.length < ids.length) {
    const found = new Set(known.map((contact) => contact.contact_id));
    const field = `contact_ids[${given.findIndex((id) => !found.has(id))}]`;
    const message = `${field} names no contact of this account: GET /contacts lists them`;
    throw new RingfenceError('validation_error', message, { field });
  }
  await mapInTurns(known, CONTACTS_PER_TURN, ({ contact_id, phone_number }) => {
    const refusal = refusalByAll(allowed, numberFacts(phone_number));
    if (refusal !== null) throw notAllowed(refusal, `contact_ids[${given.indexOf(contact_id)}]`);
  });
  return known;
}

type Person = Pick<StoredContact, 'phone_number' | 'extension'>;

/** The first entry of each person who is not among the known ones. Duplicates are called once. */
export function withoutDuplicates<P extends Person>(people: readonly P[], known: readonly Person[] = []): P[] {
  const seen = new Set(known.map(personKey));
  return people.filter((one) => {
    const key = personKey(one);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** A person is a number and, behind a switchboard, the extension. */
function personKey({ phone_number: number, extension }: Person): string {
  return `${number};${extension ?? ''}`;
}
