/** Campaigns as the API returns them. Each comes from one row, so its counts always belong together. */
import type { Campaign, CampaignContactResponse } from '../domain/api/campaign-responses.ts';
import type { CampaignTerms } from '../domain/api/campaign-request.ts';
import type { WaitingFor } from '../domain/engine/campaign-state.ts';
import type { InterruptedReason, RecordedStatus } from '../domain/api/interruption.ts';
import type { Bucket, Buckets } from '../domain/engine/tally.ts';
import { hoursOf } from '../domain/engine/calling-hours.ts';
import { dayZoneOf } from '../domain/engine/schedule-fields.ts';
import { SKIP } from '../domain/windows/schedule.ts';
import { civilDay } from '../domain/windows/windows.ts';
import { zoneHistory } from '../domain/windows/zone-data.ts';
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
import { heldByStop } from './stops.ts';

type CampaignRow = Buckets & {
  readonly id: string;
  readonly spec: CampaignTerms;
  readonly status: RecordedStatus;
  readonly interrupted_reason: InterruptedReason | null;
  readonly interrupted_code: string | null;
  readonly interrupted_at: Date | null;
  readonly failure: string | null;
  readonly stopped: boolean;
  readonly waiting_for: WaitingFor | null;
  readonly waiting_until: Date | null;
  readonly trouble_reason: string | null;
  readonly trouble_since: Date | null;
  readonly trouble_times: number | null;
  readonly trouble_of_connection: boolean | null;
  readonly total: number;
  readonly group_count: number | null;
  readonly called: number;
  readonly placed_day: string | null;
  readonly placed_on_day: number;
  readonly created_at: Date;
  readonly updated_at: Date;
};

const COLUMNS = `id, spec, status, interrupted_reason, interrupted_code, interrupted_at, failure, ${heldByStop('campaigns')} as stopped, ${waitingFor('campaigns')} as waiting_for, waiting_until, trouble_reason, trouble_since, trouble_times, trouble_of_connection,
  (select nullif(count(*), 0)::integer from campaign_groups where campaign_id = campaigns.id) as group_count,
  total, pending, in_progress, retrying, completed,
  failed, skipped, called, placed_day::text, placed_on_day, created_at, updated_at`;

/** Null when the account has no such campaign. */
export async function readCampaign(db: Queryable, account: string, id: string, now: number): Promise<Campaign | null> {
  const { rows } = await db.query<CampaignRow>(`select ${COLUMNS} from campaigns where account = $1 and id = $2`, [
    account,
    id,
  ]);
  return rows[0] ? campaignAnswer(rows[0], now) : null;
}

export interface CampaignFilter {
  readonly agentId?: string | undefined;
  readonly status?: RecordedStatus | undefined;
}

export interface CampaignPlace {
  /** Microseconds since 1970. */
  readonly createdAt: number;
  readonly id: string;
}

/** Newest first. */
export async function listCampaigns(
  db: Queryable,
  account: string,
  filter: CampaignFilter,
  page: Page<CampaignPlace>,
  now: number,
): Promise<PageOf<Campaign, CampaignPlace>> {
  const campaigns = newestFirst(account, filter);
  const total = await totalOf(db, campaigns, page);
  const { rows } = await db.query<CampaignRow & { created_us: string }>(
    `select ${COLUMNS}, ${microseconds('created_at')} as created_us ${campaigns.sql}`,
    valuesOf(campaigns, page),
  );
  return pageOf(rows, page, total, {
    item: (row) => campaignAnswer(row, now),
    place: ({ created_us, id }) => ({ createdAt: Number(created_us), id }),
  });
}

/**
 * The filter columns come first in the order, as a range with a single value. For an equality PostgreSQL would use any
 * index in the remaining order, and skip all campaigns that do not match.
 */
function newestFirst(account: string, { agentId, status }: CampaignFilter): OrderedRows<CampaignPlace> {
  const filters = Object.entries({ agent_id: agentId, status }).filter(([, value]) => value !== undefined);
  const names = filters.map(([name]) => name);
  const stated = names.map((_, index) => `$${index + 6}`);
  const order = [...names, 'created_at', 'id'];
  const before = [
    ...stated,
    `coalesce(${instantOf('$2')}, 'infinity')`,
    `coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')`,
  ];
  return {
    sql: `from campaigns where account = $1 and (${order.join()}) < (${before.join()})
      ${names.length > 0 ? `and (${names.join()}) >= (${stated.join()})` : ''}
      order by ${order.map((column) => `${column} desc`).join()} ${limited('$4', '$5')}`,
    values: ({ limit, offset, after }) => [
      account,
      after?.createdAt ?? null,
      after?.id ?? null,
      limit,
      offset,
      ...filters.map(([, value]) => value),
    ],
  };
}

/** In the order of their numbers. Null if the account has no such campaign. */
export async function listCampaignContacts(
  db: Queryable,
  account: string,
  id: string,
  filter: { readonly bucket?: Bucket | undefined },
  page: Page<number>,
): Promise<PageOf<CampaignContactResponse, number> | null> {
  const campaign = await db.query<Buckets & { total: number; enrolled: boolean }>(
    `select total, pending, in_progress, retrying, completed, failed, skipped, enrolled_at is not null as enrolled
       from campaigns where account = $1 and id = $2`,
    [account, id],
  );
  const counts = campaign.rows[0];
  if (!counts) return null;
  const contacts = contactsInOrder(id, filter.bucket);
  const { rows } = await db.query<CampaignContactRow>(
    `select c.seq, c.contact_id, c.phone_number, c.first_name, c.bucket as call_status, c.reason, c.attempt, c.priority, c.not_before,
            call.id as call_id, call.first_sent_at as called_at
       from (select * ${contacts.sql}) as c
       left join lateral (
         select id, first_sent_at from calls
          where calls.campaign_id = c.campaign_id and calls.seq = c.seq
            and first_sent_at is not null and not_placed_reason is null
          order by attempt desc limit 1
       ) as call on true
      order by c.seq`,
    valuesOf(contacts, page),
  );
  // Before the folder is copied, only added contacts can be listed.
  const copied = counts.enrolled ? 0 : await countCopied(db, id);
  // The counters change with every move of a contact: counting a large roster for each page would be slow.
  const total = filter.bucket === undefined ? counts.total : counts[filter.bucket];
  return pageOf(
    rows,
    page,
    { total: counts.enrolled ? total : copied, totalIsExact: true },
    {
      item: ({ seq: _seq, called_at, not_before, ...contact }) => ({
        ...contact,
        not_before: not_before?.toISOString() ?? null,
        called_at: called_at?.toISOString() ?? null,
      }),
      place: ({ seq }) => seq,
    },
  );
}

async function countCopied(db: Queryable, id: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    'select count(*)::integer as count from campaign_contacts where campaign_id = $1',
    [id],
  );
  return rows[0]?.count ?? 0;
}

/** The bucket leads the order, as a range: see `newestFirst`. */
function contactsInOrder(id: string, bucket: Bucket | undefined): OrderedRows<number> {
  const [after, order] =
    bucket === undefined ? ['seq > $2', 'seq'] : ['(bucket, seq) > ($5, $2::integer) and bucket <= $5', 'bucket, seq'];
  return {
    sql: `from campaign_contacts where campaign_id = $1 and ${after} order by ${order} ${limited('$3', '$4')}`,
    values: ({ limit, offset, after = 0 }) => [id, after, limit, offset, ...(bucket === undefined ? [] : [bucket])],
  };
}

type CampaignContactRow = Omit<CampaignContactResponse, 'called_at' | 'not_before'> & {
  readonly not_before: Date | null;
  readonly seq: number;
  readonly called_at: Date | null;
};

function campaignAnswer(row: CampaignRow, now: number): Campaign {
  // A campaign in a zone that only a newer version knows must not break the response for the others.
  const dayZone = dayZoneOf(row.spec);
  const today = zoneHistory(dayZone) ? civilDay(dayZone, now).date : null;
  return {
    ...row.spec,
    open_ended: isOpenEnded(row.spec),
    unknown_zone: row.spec.unknown_zone ?? SKIP,
    calling_hours: hoursOf(row.spec),
    id: row.id,
    status: row.status,
    interrupted: interruption(row),
    failure: row.failure,
    // The row of a stop holds before the workflow knows of it.
    waiting_for: row.stopped ? 'stopped' : row.waiting_for,
    until: row.stopped ? null : (row.waiting_until?.toISOString() ?? null),
    provider_trouble: providerTrouble(row),
    total_contacts: row.total,
    group_count: row.group_count,
    called: row.called,
    pending: row.pending,
    in_progress: row.in_progress,
    retrying: row.retrying,
    completed: row.completed,
    failed: row.failed,
    skipped: row.skipped,
    placed_today: row.placed_day === today ? row.placed_on_day : 0,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    as_of: new Date(now).toISOString(),
  };
}

/** A gateway of an earlier version may have recorded the campaign. */
function isOpenEnded({ open_ended: stated }: { readonly open_ended?: boolean }): boolean {
  return stated === true;
}

function providerTrouble(row: CampaignRow): Campaign['provider_trouble'] {
  const { trouble_reason: reason, trouble_since: since, trouble_times: times } = row;
  if (reason === null || !since || times === null) return null;
  return { reason, since: since.toISOString(), times, scope: row.trouble_of_connection ? 'connection' : 'campaign' };
}

/** The columns of an earlier interruption mean nothing for a campaign that continues. */
function interruption(row: CampaignRow): Campaign['interrupted'] {
  const { status, interrupted_reason: reason, interrupted_code: code, interrupted_at: at } = row;
  return status === 'interrupted' && reason && at ? { reason, code, since: at.toISOString() } : null;
}
