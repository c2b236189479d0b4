/**
 * How many campaigns and contacts an account may have. Each check runs in the transaction that writes, and locks the account's row
 * until it ends. So of two requests at the same time the second one counts what the first one wrote. An account without these
 * limits is not locked.
 *
 * A folder is locked before the account, and a campaign too, never the other way round.
 */
import { counted } from '../domain/engine/counted.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { readStoredUse } from './accounts.ts';
import type { Queryable } from './pool.ts';

/**
 * Before a campaign with so many contacts is recorded.
 *
 * @throws RingfenceError `account_limit`
 */
export async function requireRoomForCampaign(tx: Queryable, account: string, contacts: number): Promise<void> {
  await requireRoom(tx, account, { campaigns: 1, inCampaigns: contacts });
}

/**
 * Before so many contacts are added to campaigns of the account.
 *
 * @throws RingfenceError `account_limit`
 */
export async function requireRoomInCampaigns(tx: Queryable, account: string, contacts: number): Promise<void> {
  await requireRoom(tx, account, { inCampaigns: contacts });
}

/**
 * After contacts were added to folders of the account, in the same transaction.
 *
 * @throws RingfenceError `account_limit`
 */
export async function requireRoomInFolders(tx: Queryable, account: string): Promise<void> {
  await requireRoom(tx, account, { inFolders: 0 });
}

/** What is about to be added. Left out: it is not checked, so that an account above a lowered limit can do everything else. */
interface Added {
  readonly campaigns?: number;
  readonly inCampaigns?: number;
  readonly inFolders?: number;
}

async function requireRoom(tx: Queryable, account: string, added: Added): Promise<void> {
  const { rows } = await tx.query<{ max_campaigns: number | null; max_contacts: number | null }>(
    `select max_campaigns, max_contacts from accounts
      where name = $1 and (max_campaigns is not null or max_contacts is not null)
        for no key update`,
    [account],
  );
  const [limits] = rows;
  if (!limits) return;
  const use = await readStoredUse(tx, account);
  const { max_campaigns: campaigns, max_contacts: contacts } = limits;
  if (isAbove(campaigns, use.campaigns, added.campaigns)) {
    throw limitReached(
      account,
      'max_campaigns',
      { max: campaigns, used: use.campaigns },
      `The account may have ${counted(campaigns, 'campaign')} that are not over, and has ${use.campaigns}. Wait until one ends, or cancel one`,
    );
  }
  if (isAbove(contacts, use.contacts_in_campaigns, added.inCampaigns)) {
    throw limitReached(
      account,
      'max_contacts',
      { max: contacts, used: use.contacts_in_campaigns },
      `The account may have ${counted(contacts, 'contact')} in campaigns that are not over. It has ${use.contacts_in_campaigns}, and ${added.inCampaigns} would be added. Wait until a campaign ends, or cancel one`,
    );
  }
  if (isAbove(contacts, use.contacts_in_folders, added.inFolders)) {
    throw limitReached(
      account,
      'max_contacts',
      { max: contacts, used: use.contacts_in_folders },
      `The account may have ${counted(contacts, 'contact')} in its folders, and would have ${use.contacts_in_folders}. Delete a folder that is not needed`,
    );
  }
}

function isAbove(max: number | null, used: number, added: number | undefined): max is number {
  return max !== null && added !== undefined && used + added > max;
}

function limitReached(account: string, limit: string, details: object, message: string): RingfenceError {
  const option = `--${limit.replaceAll('_', '-')}`;
  const wayOut = `${message}, or have the limit raised: ringfence accounts set ${account} ${option} N.`;
  return new RingfenceError('account_limit', wayOut, { details: { limit, ...details } });
}
