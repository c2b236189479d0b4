/**
 * The roster of a campaign: its copy of the contacts, and the exchange with the workflow. Every function here moves
 * contacts between buckets and changes the campaign's counters in one transaction, by the buckets that the rows really
 * had.
 */
import type { EndedEvent } from '../domain/engine/outcome.ts';
import type { ProviderTrouble } from '../domain/engine/campaign-state.ts';
import type { ExchangeReply, ExchangeRequest, GroupWork } from '../domain/engine/roster.ts';
import { isForDueTime } from '../domain/engine/gates.ts';
import { BUCKETS, type Buckets } from '../domain/engine/tally.ts';
import { lockCampaign, type LockedCampaign, type RecordsOwner } from './workflow-records.ts';
import { claim, readClaim, readWaiting, release } from './claims.ts';
import { TERMINAL_EVENT_COLUMNS, type TerminalEventRow, toEndedEvent } from './call-events.ts';
import { addTransitions, applyToCounters, type BucketTransition, type CounterChanges } from './bucket-transitions.ts';
import { endRetries, returnUncalled, settle, start } from './exchange-moves.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';

/**
 * Settles ended calls, records started ones and claims contacts that are due. A repeat of the last exchange changes
 * nothing and returns the same claim in its present state. A run that is not the owner of the records, or is behind
 * them, gets `superseded` and must adopt first.
 *
 * @param onTrouble called after trouble at the provider has begun or ended by this exchange
 */
export async function exchange(
  pool: Pool,
  request: ExchangeRequest,
  runId: string,
  onTrouble: (change: TroubleChange) => void = () => {},
): Promise<ExchangeReply> {
  const { reply, change } = await inTransaction<Exchanged>(pool, async (tx) => {
    const campaign = await lockCampaign(tx, request.campaignId);
    const owner = campaign.owner_run_id;
    const isNext = request.exchangeNumber === campaign.last_exchange + 1;
    const isRepeat = request.exchangeNumber === campaign.last_exchange;
    const owns = owner === runId && (isNext || isRepeat);
    const takesOver = request.continuedFrom !== null && owner === request.continuedFrom && isNext;
    if (campaign.epoch !== request.epoch || !(owns || takesOver))
      return { reply: { kind: 'superseded' }, change: null };
    const transitions: CounterChanges = { deltas: {}, called: 0 };
    addTransitions(transitions, await settle(tx, request));
    addTransitions(transitions, await returnUncalled(tx, request));
    addTransitions(transitions, await start(tx, request));
    await release(tx, request);
    const ended = await endRetries(tx, request);
    addTransitions(transitions, ended.transitions);
    const claimed = isRepeat ? await readClaim(tx, request) : await claim(tx, request);
    const view = await readWaiting(tx, request.campaignId);
    const buckets = await writeCampaign(tx, request, runId, transitions, nextDueAt(request, view.groups));
    const events = await undelivered(tx, request.campaignId);
    const takenOut = campaign.roster_changed || isRepeat ? await readTakenOut(tx, request) : [];
    return {
      reply: {
        kind: 'exchanged',
        claimed,
        events,
        retriesEndedUpTo: ended.upTo,
        buckets,
        ...view,
        isStopped: campaign.stopped,
        ...(takenOut.length > 0 ? { takenOut } : {}),
      },
      change: troubleChange(campaign, request.sync.trouble),
    };
  });
  if (change !== null) onTrouble(change);
  return reply;
}

interface Exchanged {
  readonly reply: ExchangeReply;
  readonly change: TroubleChange | null;
}

/** Trouble at a campaign's provider that has begun or ended. */
export interface TroubleChange {
  readonly has: 'begun' | 'ended';
  readonly reason: string;
  readonly connection: string;
}

/**
 * Null: there was trouble before, and there is still, or there was none and is none. Trouble of the whole connection is told once, by
 * the dials that find it out.
 */
function troubleChange(
  { connection, trouble_reason, trouble_of_connection }: LockedCampaign,
  trouble: ProviderTrouble | null,
): TroubleChange | null {
  const before = trouble_of_connection ? null : trouble_reason;
  const after = trouble?.ofConnection ? null : (trouble?.reason ?? null);
  if (before === null && after !== null) return { has: 'begun', reason: after, connection };
  if (before !== null && after === null) return { has: 'ended', reason: before, connection };
  return null;
}

/**
 * Moves up to `chunk` waiting contacts to `skipped`. Returns how many were moved, or null if another run owns the
 * records. Call it until it returns 0.
 */
export async function skipWaiting(
  pool: Pool,
  { campaignId, runId, epoch }: RecordsOwner,
  reason: string,
  chunk: number,
): Promise<number | null> {
  return inTransaction(pool, async (tx) => {
    const campaign = await lockCampaign(tx, campaignId);
    if (campaign.owner_run_id !== runId || campaign.epoch !== epoch) return null;
    const { rows } = await tx.query<BucketTransition>(
      `with waiting as (
         select seq, bucket from campaign_contacts
          where campaign_id = $1 and bucket in ('pending', 'retrying') order by bucket, seq limit $3 for update
       ), moved as (
         update campaign_contacts c set bucket = 'skipped', reason = $2, claimed_in_exchange = null, due_at = null,
                waits_for = null
           from waiting
          where c.campaign_id = $1 and c.seq = any(array(select seq from waiting)) and c.seq = waiting.seq
         returning waiting.bucket as "from"
       )
       select "from", 'skipped' as "to", count(*)::int as contacts, 0 as called from moved group by 1`,
      [campaignId, reason, chunk],
    );
    const transitions: CounterChanges = { deltas: {}, called: 0 };
    addTransitions(transitions, rows);
    await applyToCounters(tx, campaignId, transitions);
    return rows.reduce((sum, row) => sum + row.contacts, 0);
  });
}

/** The earliest due time in the groups that are open. */
function nextDueAt({ open }: ExchangeRequest, groups: readonly GroupWork[]): number | null {
  const dueTimes = groups.flatMap(({ group, dueAt }) => (dueAt !== null && open.includes(group) ? [dueAt] : []));
  return dueTimes.length > 0 ? Math.min(...dueTimes) : null;
}

/** Once the hours of a day are over, the workflow counts the day of the next window. The record keeps the day that has calls. */
const IS_LATER_AND_EMPTY = '$8 = 0 and $7::date > placed_day';

async function writeCampaign(
  tx: Queryable,
  request: ExchangeRequest,
  runId: string,
  transitions: CounterChanges,
  dueAt: number | null,
): Promise<Buckets> {
  await applyToCounters(tx, request.campaignId, transitions);
  const { sync, day, placedOnDay } = request;
  const until = isForDueTime(sync.waitingFor) ? dueAt : sync.until;
  const { rows } = await tx.query<Buckets>(
    `update campaigns
        set owner_run_id = $2, last_exchange = $3, status = $4, ending = $11, waiting_for = $5, spec = spec || coalesce($10::jsonb, '{}'),
            waiting_until = to_timestamp($6::bigint / 1000.0),
            placed_day = case when ${IS_LATER_AND_EMPTY} then placed_day else coalesce($7::date, placed_day) end,
            placed_on_day = case when ${IS_LATER_AND_EMPTY} then placed_on_day else coalesce($8, placed_on_day) end, late_events = greatest(late_events, $9), zone_data = $12,
            roster_changed_at = null, trouble_reason = $13, trouble_since = to_timestamp($14::bigint / 1000.0), trouble_times = $15,
            trouble_of_connection = $16,
            updated_at = now()
      where id = $1
      returning ${BUCKETS.join(', ')}`,
    [
      request.campaignId,
      runId,
      request.exchangeNumber,
      sync.status,
      sync.waitingFor,
      until,
      day,
      day === null ? null : (placedOnDay ?? sync.placed),
      request.lateEvents,
      request.terms === null ? null : JSON.stringify(request.terms),
      sync.ending,
      sync.zoneData,
      sync.trouble?.reason ?? null,
      sync.trouble?.since ?? null,
      sync.trouble?.times ?? null,
      sync.trouble ? sync.trouble.ofConnection === true : null,
    ],
  );
  return rows[0]!;
}

/** Claimed contacts that were taken from the workflow since the last exchange. A repeat of the exchange finds the same. */
async function readTakenOut(tx: Queryable, { campaignId, exchangeNumber }: ExchangeRequest): Promise<number[]> {
  const { rows } = await tx.query<{ seq: number }>(
    'select seq from campaign_contacts where campaign_id = $1 and taken_before_exchange = $2 order by seq',
    [campaignId, exchangeNumber],
  );
  return rows.map(({ seq }) => seq);
}

/** Terminal events that are stored but could not be signalled. They are returned until their call is settled. */
async function undelivered(tx: Queryable, campaignId: string): Promise<EndedEvent[]> {
  const { rows } = await tx.query<TerminalEventRow & { unconfirmed: boolean }>(
    // Selects each call by its key: a join might read the unsettled calls of every campaign.
    `select call_id, ${TERMINAL_EVENT_COLUMNS},
            (select calls.accepted_at is null from calls where calls.id = e.call_id) as unconfirmed
       from call_events e
      where e.campaign_id = $1 and e.kind = 'ended' and e.signalled_at is null and not e.late
        and (select calls.settled_at is null from calls where calls.id = e.call_id)
      order by e.received_at, e.event_id limit 200`,
    [campaignId],
  );
  return rows.map(({ unconfirmed, ...row }) => ({ ...toEndedEvent(row), ...(unconfirmed ? { unconfirmed } : {}) }));
}
