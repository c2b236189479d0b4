/** The release of the IANA data in use, and the campaigns whose calling window comes from an older one. */
import type { Queryable } from './pool.ts';

/**
 * A campaign may be notified and then ask a worker from before the upgrade, which has the old release. It is notified
 * again after this time.
 */
const TELL_AGAIN_AFTER = '1 hour';
/** A gateway that claimed a campaign notifies it within this time, or has died. */
const TELL_WITHIN = '1 minute';

/**
 * Records the release that a worker has loaded, unless a newer one is recorded.
 *
 * @returns the newest release that any worker of this database has had
 */
export async function recordZoneData(db: Queryable, version: string): Promise<string> {
  const { rows } = await db.query<{ version: string }>(
    `insert into zone_data as known (version) values ($1)
     on conflict (only_row) do update
       set version = greatest(known.version, excluded.version),
           recorded_at = case when excluded.version > known.version then now() else known.recorded_at end
     returning version`,
    [version],
  );
  return rows[0]?.version ?? version;
}

/** The newest release that any worker of this database has had; null before the first one. */
export async function readZoneData(db: Queryable): Promise<string | null> {
  const { rows } = await db.query<{ version: string }>('select version from zone_data');
  return rows[0]?.version ?? null;
}

export interface OutdatedCampaign {
  readonly id: string;
  /** The newest release. */
  readonly version: string;
}

/**
 * Claims campaigns whose calling window comes from an older release than the newest, to notify them. Several processes
 * may do so at the same time; each campaign goes to one of them.
 */
export async function claimOutdated(db: Queryable, limit: number): Promise<OutdatedCampaign[]> {
  const { rows } = await db.query<OutdatedCampaign>(
    `with outdated as (
       select campaign.id, newest.version
         from zone_data newest join campaigns campaign on campaign.zone_data < newest.version
        where campaign.status in ('active', 'paused')
          and (campaign.zone_data_told_until is null or campaign.zone_data_told_until <= now())
        limit $1 for update of campaign skip locked
     )
     update campaigns set zone_data_told_until = now() + $2::interval
       from outdated where campaigns.id = outdated.id
     returning campaigns.id, outdated.version`,
    [limit, TELL_WITHIN],
  );
  return rows;
}

/** Records that campaigns were notified. */
export async function markNotified(db: Queryable, ids: readonly string[]): Promise<void> {
  await db.query('update campaigns set zone_data_told_until = now() + $2::interval where id = any($1::uuid[])', [
    ids,
    TELL_AGAIN_AFTER,
  ]);
}
