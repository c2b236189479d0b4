/**
 * The shares of campaigns in a limit of calls in flight: that of a connection, or of an account. Every change locks the row of the
 * connection or the account first, so that changes of the shares in one limit never overlap. The column `connection` holds the id of
 * the limit. What a change is, `domain/engine/shares.ts` says.
 */
import {
  applyReport,
  type Shareholder,
  type ShareReport,
  shareOut,
  totalHeld,
  withoutOwner,
} from '../domain/engine/shares.ts';
import { accountOfLimit } from '../domain/engine/ids.ts';
import { lockAgainstAdoption } from './adoption.ts';
import { withBoundNeeds } from './bound-needs.ts';
import type { DatabaseClock } from './clock.ts';
import { recordConnections } from './connections.ts';
import { deadlineSql, IS_OPEN } from './left-calls.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';
import type { RecordsOwner } from './workflow-records.ts';
import { isUnfinished } from './unfinished.ts';

const COLUMNS = 'campaign_id as "campaignId", epoch, report, need, share, held, revision, told';

/**
 * Records what a campaign reports, and returns its share as it stands. Null if another run owns the campaign's records: its calls
 * in flight are not known to this run.
 */
export async function recordShareReport(
  pool: Pool,
  connection: string,
  runId: string,
  report: ShareReport,
): Promise<Shareholder | null> {
  const { campaignId, epoch } = report;
  return inTransaction(pool, async (tx) => {
    // A run that takes over afterwards reports in a later epoch.
    await lockAgainstAdoption(tx, campaignId);
    if (!(await isOwner(tx, { campaignId, runId, epoch }))) return null;
    await lockConnection(tx, connection);
    const { rows } = await tx.query<Shareholder>(
      `select ${COLUMNS} from connection_shares where connection = $1 and campaign_id = $2`,
      [connection, campaignId],
    );
    const holder = applyReport(rows[0] ?? null, report);
    await write(tx, connection, [holder]);
    return holder;
  });
}

export interface Division {
  readonly holders: readonly Shareholder[];
  /** Campaigns of which no run may dial. */
  readonly withoutRun: ReadonlySet<string>;
}

/**
 * Divides the limit among the connection's campaigns, and records and returns their shares. Without a limit (Infinity) the rows of
 * campaigns go that have a new epoch since: they were told, and need no share. Calls of campaigns that began before there was a limit,
 * and have not heard of it yet, are not divided.
 *
 * @param lostAfterMs how long after its request a call of a campaign without a workflow counts as in flight at most, if no deadline is
 * on record
 */
export async function divideShares(
  pool: Pool,
  { connection, limit, lostAfterMs }: { connection: string; limit: number; lostAfterMs: number },
  readClock: DatabaseClock,
): Promise<Division> {
  return inTransaction(pool, async (tx) => {
    const now = await readClock(tx);
    const withoutRun = await lockWithoutOwner(tx, connection);
    await lockConnection(tx, connection);
    const recorded = await readHolders(tx, connection);
    const needless = Number.isFinite(limit) ? new Set<string>() : await ofEarlierEpochs(tx, connection);
    const before: Shareholder[] = [];
    for (const holder of recorded) {
      if (needless.has(holder.campaignId)) continue;
      const isLeft = withoutRun.has(holder.campaignId);
      const holds = isLeft
        ? withoutOwner(
            holder,
            await countOpenCalls(tx, { connection, campaignId: holder.campaignId, now, lostAfterMs }),
          )
        : holder;
      if (!isLeft || holds.held > 0) before.push(holds);
    }
    const left = Number.isFinite(limit)
      ? Math.max(0, limit - (await countUnsharedCalls(tx, { connection, now, lostAfterMs })))
      : limit;
    const asking = accountOfLimit(connection) === null ? before : await withBoundNeeds(tx, connection, before);
    const holders = shareOut(left, asking, now).map((one, index) => ({ ...one, need: before[index]!.need }));
    if (totalHeld(holders) > Math.max(left, totalHeld(before))) throw new Error('shares above the limit');
    await removeAllBut(tx, connection, holders);
    await write(tx, connection, holders);
    return { holders, withoutRun };
  });
}

/** Records that these campaigns were told their shares. */
export async function noteSharesTold(
  db: Queryable,
  connection: string,
  told: readonly Pick<Shareholder, 'campaignId' | 'epoch' | 'revision'>[],
): Promise<void> {
  await db.query(
    `update connection_shares s set told = greatest(s.told, n.revision)
       from jsonb_to_recordset($2::jsonb) as n("campaignId" uuid, epoch integer, revision integer)
      where s.connection = $1 and s.campaign_id = n."campaignId" and s.epoch = n.epoch`,
    [connection, JSON.stringify(told)],
  );
}

async function lockConnection(tx: Queryable, connection: string): Promise<void> {
  const account = accountOfLimit(connection);
  if (account !== null) {
    await tx.query('select from accounts where name = $1 for no key update', [account]);
    return;
  }
  const lock = () => tx.query('select from connections where name = $1 for no key update', [connection]);
  if ((await lock()).rowCount === 1) return;
  // No worker has recorded this connection yet.
  await recordConnections(tx, [connection]);
  await lock();
}

/** The order decides whose turn it is. It must be the same for each division. */
async function readHolders(tx: Queryable, connection: string): Promise<Shareholder[]> {
  const { rows } = await tx.query<Shareholder>(
    `select ${COLUMNS} from connection_shares where connection = $1 order by campaign_id`,
    [connection],
  );
  return rows;
}

/** The campaigns that have adopted their records since they reported. */
async function ofEarlierEpochs(tx: Queryable, connection: string): Promise<ReadonlySet<string>> {
  const { rows } = await tx.query<{ id: string }>(
    `select c.id from connection_shares s join campaigns c on c.id = s.campaign_id
      where s.connection = $1 and c.epoch > s.epoch`,
    [connection],
  );
  return new Set(rows.map(({ id }) => id));
}

async function isOwner(tx: Queryable, { campaignId, runId, epoch }: RecordsOwner): Promise<boolean> {
  const { rowCount } = await tx.query('select from campaigns where id = $1 and owner_run_id = $2 and epoch = $3', [
    campaignId,
    runId,
    epoch,
  ]);
  return rowCount === 1;
}

/**
 * The campaigns of which no run may dial. Each is locked against dials that were permitted before and are not recorded yet, and
 * against an adoption. One that is locked by others is left for the next division.
 */
async function lockWithoutOwner(tx: Queryable, connection: string): Promise<ReadonlySet<string>> {
  const { rows } = await tx.query<{ id: string }>(
    `with without_owner as materialized (
       select c.id from connection_shares s join campaigns c on c.id = s.campaign_id
        where s.connection = $1 and c.owner_run_id is null
     )
     select id from without_owner where pg_try_advisory_xact_lock(hashtextextended(id::text, 0))`,
    [connection],
  );
  const ids = rows.map(({ id }) => id);
  // One may have been adopted before it was locked.
  const { rows: still } = await tx.query<{ id: string }>(
    'select id from campaigns where id = any($1) and owner_run_id is null',
    [ids],
  );
  return new Set(still.map(({ id }) => id));
}

async function countOpenCalls(
  tx: Queryable,
  asked: {
    readonly connection: string;
    readonly campaignId: string;
    readonly now: number;
    readonly lostAfterMs: number;
  },
): Promise<number> {
  const { rows } = await tx.query<{ open: number }>(
    `select count(*)::int as open from calls
      where campaign_id = $1 and connection = coalesce($2, connection) and ${IS_OPEN}
        and ${deadlineSql('$4::float8')} > to_timestamp($3 / 1000.0)`,
    // An account may call through several connections.
    [
      asked.campaignId,
      accountOfLimit(asked.connection) === null ? asked.connection : null,
      asked.now,
      asked.lostAfterMs,
    ],
  );
  return rows[0]!.open;
}

/** Calls in flight of campaigns that have not reported under this limit. */
async function countUnsharedCalls(
  tx: Queryable,
  { connection, now, lostAfterMs }: { readonly connection: string; readonly now: number; readonly lostAfterMs: number },
): Promise<number> {
  const account = accountOfLimit(connection);
  const { rows } = await tx.query<{ open: number }>(
    `select count(*)::int as open
       from campaigns c join calls on calls.campaign_id = c.id
      where ${account === null ? 'c.connection = $1 and calls.connection = $1' : 'c.account = $4'}
        and ${isUnfinished('c')}
        and not exists (select from connection_shares s where s.connection = $1 and s.campaign_id = c.id)
        and ${IS_OPEN} and ${deadlineSql('$3::float8')} > to_timestamp($2 / 1000.0)`,
    [connection, now, lostAfterMs, ...(account === null ? [] : [account])],
  );
  return rows[0]!.open;
}

async function removeAllBut(tx: Queryable, connection: string, holders: readonly Shareholder[]): Promise<void> {
  await tx.query('delete from connection_shares where connection = $1 and campaign_id <> all($2)', [
    connection,
    holders.map(({ campaignId }) => campaignId),
  ]);
}

async function write(tx: Queryable, connection: string, holders: readonly Shareholder[]): Promise<void> {
  await tx.query(
    `insert into connection_shares as s (connection, campaign_id, epoch, report, need, share, held, revision, told)
     select $1, "campaignId", epoch, report, need, share, held, revision, told
       from jsonb_to_recordset($2::jsonb) as n("campaignId" uuid, epoch integer, report integer, need integer,
         share integer, held integer, revision integer, told integer)
     on conflict (connection, campaign_id) do update
       set epoch = excluded.epoch, report = excluded.report, need = excluded.need, share = excluded.share,
           held = excluded.held, revision = excluded.revision, told = excluded.told
     where s.* is distinct from excluded.*`,
    [connection, JSON.stringify(holders)],
  );
}
