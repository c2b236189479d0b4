/** Campaigns as clients are told of them. Each answer comes from one row, so that its counts always belong together. */
import type { CampaignAnswer, CampaignContactAnswer } from '../domain/campaign-answer.ts';
import type { CampaignTerms } from '../domain/campaign-request.ts';
import type { WaitingFor } from '../domain/campaign-state.ts';
import type { InterruptedReason, RecordedStatus } from '../domain/interruption.ts';
import type { Bucket, Buckets } from '../domain/tally.ts';
import { civilDay } from '../domain/windows.ts';
import { zoneHistory } from '../domain/zone-data.ts';
import type { Queryable } from './pool.ts';

export interface Page {
  readonly limit: number;
  readonly offset: number;
}

export interface PageOf<T> {
  readonly items: T[];
  readonly total: number;
  readonly hasMore: boolean;
}

type CampaignRow = Buckets & {
  readonly id: string;
  readonly spec: CampaignTerms;
  readonly status: RecordedStatus;
  readonly interrupted_reason: InterruptedReason | null;
  readonly interrupted_code: string | null;
  readonly interrupted_at: Date | null;
  readonly failure: string | null;
  readonly waiting_for: WaitingFor | null;
  readonly waiting_until: Date | null;
  readonly total: number;
  readonly called: number;
  readonly placed_day: string | null;
  readonly placed_on_day: number;
  readonly created_at: Date;
  readonly updated_at: Date;
};

const COLUMNS = `id, spec, status, interrupted_reason, interrupted_code, interrupted_at, failure, waiting_for, waiting_until, total, pending, in_progress, retrying, completed,
  failed, skipped, called, placed_day::text, placed_on_day, created_at, updated_at`;

/** Null when the account has no such campaign. */
export async function readCampaign(
  db: Queryable,
  account: string,
  id: string,
  now: number,
): Promise<CampaignAnswer | null> {
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

/** Newest first. */
export async function listCampaigns(
  db: Queryable,
  account: string,
  filter: CampaignFilter,
  page: Page,
  now: number,
): Promise<PageOf<CampaignAnswer>> {
  const matching = `from campaigns
    where account = $1 and ($2::text is null or agent_id = $2) and ($3::text is null or status = $3)`;
  const values = [account, filter.agentId ?? null, filter.status ?? null];
  const { rows } = await db.query<CampaignRow>(
    `select ${COLUMNS} ${matching} order by created_at desc, id desc limit $4 offset $5`,
    [...values, page.limit, page.offset],
  );
  const count = await db.query<{ total: number }>(`select count(*)::integer as total ${matching}`, values);
  return pageOf(
    rows.map((row) => campaignAnswer(row, now)),
    count.rows[0]?.total ?? 0,
    page,
  );
}

/** In the order in which they were given. Null when the account has no such campaign. */
export async function listCampaignContacts(
  db: Queryable,
  account: string,
  id: string,
  filter: { readonly bucket?: Bucket | undefined },
  page: Page,
): Promise<PageOf<CampaignContactAnswer> | null> {
  const campaign = await db.query<Buckets & { total: number; enrolled: boolean }>(
    `select total, pending, in_progress, retrying, completed, failed, skipped, enrolled_at is not null as enrolled
       from campaigns where account = $1 and id = $2`,
    [account, id],
  );
  const counts = campaign.rows[0];
  if (!counts) return null;
  const { rows } = await db.query<Omit<CampaignContactAnswer, 'called_at'> & { called_at: Date | null }>(
    `select c.contact_id, c.phone_number, c.first_name, c.bucket as call_status, c.reason, c.attempt,
            call.id as call_id, call.first_sent_at as called_at
       from campaign_contacts c
       left join lateral (
         select id, first_sent_at from calls
          where calls.campaign_id = c.campaign_id and calls.seq = c.seq
            and first_sent_at is not null and not_placed_reason is null
          order by attempt desc limit 1
       ) as call on true
      where c.campaign_id = $1 and ($2::text is null or c.bucket = $2)
      order by c.seq limit $3 offset $4`,
    [id, filter.bucket ?? null, page.limit, page.offset],
  );
  // The counters are kept with every move of a contact: counting a large roster anew for each page would be slow.
  const total = filter.bucket === undefined ? counts.total : counts[filter.bucket];
  const items = rows.map((row) => ({ ...row, called_at: row.called_at?.toISOString() ?? null }));
  return pageOf(items, counts.enrolled ? total : 0, page);
}

function pageOf<T>(items: T[], total: number, { offset }: Page): PageOf<T> {
  return { items, total, hasMore: items.length > 0 && offset + items.length < total };
}

function campaignAnswer(row: CampaignRow, now: number): CampaignAnswer {
  // One campaign in a zone that only a newer version knows must not take the others' answers away.
  const today = zoneHistory(row.spec.timezone) ? civilDay(row.spec.timezone, now).date : null;
  return {
    ...row.spec,
    id: row.id,
    status: row.status,
    interrupted: interruption(row),
    failure: row.failure,
    waiting_for: row.waiting_for,
    until: row.waiting_until?.toISOString() ?? null,
    total_contacts: row.total,
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

/** What stands in the row of an earlier interruption says nothing about a campaign that goes on. */
function interruption(row: CampaignRow): CampaignAnswer['interrupted'] {
  const { status, interrupted_reason: reason, interrupted_code: code, interrupted_at: at } = row;
  return status === 'interrupted' && reason && at ? { reason, code, since: at.toISOString() } : null;
}
