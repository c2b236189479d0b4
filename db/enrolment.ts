/** Puts contacts into a campaign: each into the group whose hours are theirs, or aside where it has none. */
import type { CampaignTerms } from '../domain/api/campaign-request.ts';
import {
  ContactGroups,
  haveOwnHours,
  NEVER_OPEN,
  type OutsideGroups,
  type Whereabouts,
} from '../domain/contacts/contact-group.ts';
import { groupTerms } from '../domain/api/group-terms.ts';
import { GroupNumbers } from '../domain/contacts/group-numbers.ts';
import { coverGroups } from '../domain/contacts/cover-groups.ts';
import { mergeGroups } from '../domain/contacts/merge-groups.ts';
import { MOST_GROUPS } from '../domain/engine/campaign-state.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { type GroupRule, namedZones, OWN_HOURS } from '../domain/windows/group-hours.ts';
import { openCursors } from './claims.ts';
import { readGroupRules } from './groups.ts';
import type { Queryable } from './pool.ts';

/** The columns that say how a contact begins. */
export interface Enrolled {
  readonly group_no: number;
  readonly bucket: 'pending' | 'skipped';
  readonly reason: OutsideGroups | null;
}

const IN_OWN_HOURS: Enrolled = { group_no: 0, bucket: 'pending', reason: null };

export class Enrolment {
  /** Whether contacts have other hours than the campaign. If not, all of them are in group 0. */
  readonly hasGroups: boolean;
  readonly #groups: ContactGroups;
  readonly #numbers = new GroupNumbers();
  #recorded = 0;
  #skipped = 0;
  #neverOpen = 0;

  constructor(
    private readonly campaignId: string,
    terms: CampaignTerms,
    private readonly now: number,
  ) {
    const decisive = groupTerms(terms);
    this.hasGroups = haveOwnHours(decisive);
    this.#groups = new ContactGroups(decisive, now);
  }

  /** Takes over the groups that the campaign has, before contacts are added to it. */
  async takeRecorded(tx: Queryable): Promise<void> {
    if (!this.hasGroups) return;
    const rules = [...(await readGroupRules(tx, this.campaignId))].sort(([a], [b]) => a - b);
    for (const [, rule] of rules) this.#numbers.numberOf(rule);
    // Without a record, all contacts that it has have its own hours.
    if (rules.length === 0 && !this.#groups.haveOwnZones) this.#numbers.numberOf(OWN_HOURS);
    this.#recorded = rules.length;
  }

  /** The columns of a contact that is about to be inserted. */
  assign(contact: Whereabouts): Enrolled {
    if (!this.hasGroups) return IN_OWN_HOURS;
    const group = this.#groups.groupOf(contact);
    if (typeof group !== 'string') return { ...IN_OWN_HOURS, group_no: this.#numbers.numberOf(group) };
    this.#skipped += 1;
    if (group === NEVER_OPEN) this.#neverOpen += 1;
    return { group_no: 0, bucket: 'skipped', reason: group };
  }

  /** How many contacts were skipped because a policy leaves nothing of their calling hours. */
  get neverOpen(): number {
    return this.#neverOpen;
  }

  /**
   * Records the groups, and who is skipped. It may move contacts to other groups, so cursors are set afterwards. Call it after the contacts were inserted and counted as pending, with the campaign
   * locked.
   *
   * @param mayMerge whether groups may get other rules: nobody has computed their windows yet
   */
  async finish(tx: Queryable, { mayMerge }: { readonly mayMerge: boolean }): Promise<void> {
    await this.#recordGroups(tx, mayMerge);
    if (this.#skipped > 0) {
      await tx.query('update campaigns set pending = pending - $2, skipped = skipped + $2 where id = $1', [
        this.campaignId,
        this.#skipped,
      ]);
    }
  }

  async #recordGroups(tx: Queryable, mayMerge: boolean): Promise<void> {
    const { rules } = this.#numbers;
    const isOwnAlone = rules.every(({ zones, policies }) => zones.length + policies.length === 0);
    if (isOwnAlone || rules.length === this.#recorded) return;
    if (rules.length <= MOST_GROUPS) {
      await insertGroups(tx, this.campaignId, rules);
      return;
    }
    // A group may be open now by the rule that it has.
    const fewer = mayMerge
      ? mergeGroups(rules, MOST_GROUPS, this.now, (rule) => this.#groups.isEverOpen(rule))
      : coverGroups(rules, this.#recorded, this.now);
    const beyond = fewer.rules[MOST_GROUPS];
    if (beyond) {
      const zones = namedZones(beyond.zones);
      const message = `The campaign has as many different hours as it can have, and none of them suit contacts in ${zones}: leave these out, or start another campaign for them.`;
      throw new RingfenceError('validation_error', message, { field: 'contacts' });
    }
    await tx.query('delete from campaign_groups where campaign_id = $1', [this.campaignId]);
    await insertGroups(tx, this.campaignId, fewer.rules);
    await tx.query(
      `update campaign_contacts set group_no = ($2::smallint[])[group_no + 1] where campaign_id = $1 and group_no >= $3`,
      [this.campaignId, fewer.indexOf, mayMerge ? 0 : this.#recorded],
    );
  }
}

async function insertGroups(tx: Queryable, campaignId: string, rules: readonly GroupRule[]): Promise<void> {
  const rows = rules.map(({ zones, policies }, group_no) => ({ group_no, zones, policies }));
  await tx.query(
    `insert into campaign_groups (campaign_id, group_no, zones, policies)
     select $1, group_no, array(select jsonb_array_elements_text(zones)), array(select jsonb_array_elements_text(policies))
       from jsonb_to_recordset($2::jsonb) as rule (group_no smallint, zones jsonb, policies jsonb)
     on conflict (campaign_id, group_no) do nothing`,
    [campaignId, JSON.stringify(rows)],
  );
}

/** Rows of one statement. Reading a phone number takes tens of microseconds, and nothing else runs meanwhile. */
const COPY_CHUNK = 2_000;

const COPIED = 'phone_number, extension, first_name, last_name, email, timezone, custom_fields, region, not_before';

/** Columns of a contact in a campaign that follow from what is stated of it, in the table or alias `of`. */
export const DERIVED = 'priority, due_at, waits_for';
export function derived(of: string): string {
  return `coalesce(${of}.priority, 3), ${of}.not_before, case when ${of}.not_before is not null then 'not_before' end`;
}

/** Copies the folder's contacts into the campaign, once. A campaign with its own contacts does not change. */
export async function enrol(tx: Queryable, campaignId: string): Promise<void> {
  const { rows } = await tx.query<{ folder_id: string; terms: CampaignTerms; now: string }>(
    `update campaigns set enrolled_at = now()
      where id = $1 and enrolled_at is null and folder_id is not null
      returning folder_id, spec as terms, floor(extract(epoch from now()) * 1000)::bigint as now`,
    [campaignId],
  );
  const campaign = rows[0];
  if (!campaign) return;
  const enrolment = new Enrolment(campaignId, campaign.terms, Number(campaign.now));
  await enrolment.takeRecorded(tx);
  if (enrolment.hasGroups) await copyInGroups(tx, campaignId, campaign.folder_id, enrolment);
  else await copyFolder(tx, campaignId, campaign.folder_id);
  await enrolment.finish(tx, { mayMerge: true });
  // Also for contacts that were added before.
  await openCursors(tx, campaignId);
}

async function copyFolder(tx: Queryable, campaignId: string, folderId: string): Promise<void> {
  await tx.query(
    `insert into campaign_contacts (campaign_id, seq, contact_id, ${COPIED}, ${DERIVED})
     select $1, row_number() over (order by c.seq), c.id, ${COPIED}, ${derived('c')} from contacts c where c.folder_id = $2`,
    [campaignId, folderId],
  );
}

export interface FolderContact extends Whereabouts {
  readonly not_before: Date | null;
  readonly id: string;
  /** A bigint: the place in the folder. */
  readonly seq: string;
}

/** Where the contacts of a folder are, in its order and in parts. */
export async function* folderContacts(db: Queryable, folderId: string): AsyncGenerator<FolderContact[], void> {
  for (let after = '0'; ;) {
    const { rows } = await db.query<FolderContact>(
      `select id, seq, phone_number, timezone, region, not_before from contacts
        where folder_id = $1 and seq > $2 order by seq limit $3`,
      [folderId, after, COPY_CHUNK],
    );
    yield rows;
    const last = rows.at(-1);
    if (!last || rows.length < COPY_CHUNK) return;
    after = last.seq;
  }
}

async function copyInGroups(tx: Queryable, campaignId: string, folderId: string, enrolment: Enrolment): Promise<void> {
  let before = 0;
  for await (const contacts of folderContacts(tx, folderId)) {
    await copyContacts(tx, campaignId, contacts, before, enrolment);
    before += contacts.length;
  }
}

/** Copies stored contacts into a campaign, in this order. Returns how many were found. */
export async function copyContacts(
  tx: Queryable,
  campaignId: string,
  contacts: readonly (Whereabouts & { readonly id: string })[],
  before: number,
  enrolment: Enrolment,
): Promise<number> {
  const columns = contacts.map((contact) => enrolment.assign(contact));
  const { rowCount } = await tx.query(
    `insert into campaign_contacts (campaign_id, seq, contact_id, group_no, bucket, reason, ${COPIED}, ${DERIVED})
     select $1, $2 + position, contacts.id, group_no, bucket, reason, ${COPIED}, ${derived('contacts')}
       from unnest($3::uuid[], $4::smallint[], $5::text[], $6::text[])
            with ordinality as wanted (id, group_no, bucket, reason, position)
       join contacts on contacts.id = wanted.id`,
    [
      campaignId,
      before,
      contacts.map(({ id }) => id),
      columns.map(({ group_no: number }) => number),
      columns.map(({ bucket }) => bucket),
      columns.map(({ reason }) => reason),
    ],
  );
  return rowCount ?? 0;
}
