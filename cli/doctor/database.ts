/** The doctor's questions to PostgreSQL: does it answer, is its schema the newest, what time is it there. */
import { counted } from '../../domain/engine/counted.ts';
import { countContradictingEvents } from '../../db/call-events.ts';
import {
  type DifferingLimits,
  differingLimits,
  type DifferingRates,
  differingRates,
  type UnloadedConnection,
  unloadedConnections,
} from '../../db/connection-loads.ts';
import { readSchemaVersion, type SchemaVersion } from '../../db/schema-version.ts';
import { listStops } from '../../db/stops.ts';
import { whyUnreachable } from '../../db/unreachable.ts';
import { readZoneData } from '../../db/zone-data.ts';
import { ZONE_DATA_VERSION } from '../../domain/windows/zone-data.ts';
import { isNewerZoneData } from '../../domain/engine/zone-data-version.ts';
import { withDatabase } from '../database.ts';
import type { Env } from '../env.ts';
import { clockFinding } from './clock.ts';
import { type Finding, skipped, trouble, well } from './finding.ts';
import { stopsFinding } from './stops.ts';

export async function checkDatabase(env: Env): Promise<Finding[]> {
  if (!env.DATABASE_URL)
    return [skipped('database', 'DATABASE_URL is not set; controlling campaigns needs no database')];
  try {
    return await withDatabase(env, async (db) => {
      const askedAt = Date.now();
      const { rows } = await db.query<{ version: string; now: Date }>(
        "select current_setting('server_version') as version, clock_timestamp() as now",
      );
      const answeredAt = Date.now();
      const { version, now } = rows[0]!;
      const schema = await readSchemaVersion(db);
      return [
        well('database', `PostgreSQL ${version} answers`, { server_version: version }),
        schemaFinding(schema),
        ...(schema.missing.length > 0 ? [] : [eventsFinding(await countContradictingEvents(db))]),
        ...(schema.missing.length > 0 ? [] : [zoneDataFinding(await readZoneData(db))]),
        ...(schema.missing.length > 0 ? [] : [unloadedFinding(await unloadedConnections(db))]),
        ...(schema.missing.length > 0 ? [] : [ratesFinding(await differingRates(db))]),
        ...(schema.missing.length > 0 ? [] : [limitsFinding(await differingLimits(db))]),
        ...(schema.missing.length > 0 ? [] : [stopsFinding(await listStops(db))]),
        clockFinding('PostgreSQL', { askedAt, theirs: now.getTime(), answeredAt }),
      ];
    });
  } catch (error) {
    const { code, message, cause = error } = error as { code?: unknown; message: string; cause?: unknown };
    const unread = code === 'misconfigured' ? message : 'it cannot be asked';
    const reason = whyUnreachable(cause, env.DATABASE_URL) ?? unread;
    const advice = 'Check host, database, user and password in DATABASE_URL, and that the server runs.';
    return [trouble('database', reason, advice), skipped('schema', 'not checked: the server does not answer')];
  }
}

/** Events that name our calls and are of others: somebody else's system under our account, or a provider's mistake. */
export function eventsFinding(contradicting: number): Finding {
  if (contradicting === 0) return well('events', 'none of the last day contradicts its call', { contradicting });
  const found = `${counted(contradicting, 'event')} of the last day named a call that it could not belong to; nothing was changed`;
  const advice =
    'GET /batch-calls/{id}/calls/{call_id}/events shows them. Find out which other system places calls or sends events with this account.';
  return trouble('events', found, advice, { contradicting });
}

/** Campaigns that cannot call, although they may not have noticed: while all of their slots are taken, they dial nobody. */
export function unloadedFinding(unloaded: readonly UnloadedConnection[]): Finding {
  const check = 'connections';
  if (unloaded.length === 0) return well(check, 'workers have loaded those of all campaigns');
  const named = unloaded.map(({ connection, campaigns }) => `${connection} (${counted(campaigns, 'campaign')})`);
  const advice =
    'Put them back into the connections file of the workers, check their secrets with "connections check", and send SIGHUP. Until then their calls are neither placed nor looked up.';
  return trouble(check, `no worker has loaded ${named.join(', ')}`, advice, { connections: unloaded });
}

/** Workers that have read different files. The promises hold all the same, by the lowest rate. */
export function ratesFinding(differing: readonly DifferingRates[]): Finding {
  const check = 'rates';
  if (differing.length === 0) return well(check, 'all workers have loaded the same calls per second');
  const found = differing.map(({ connection, rates }) => {
    const loaded = rates.map(
      ({ calls_per_second: rate, workers }) => `${rate ?? 'no limit'} (${counted(workers, 'worker')})`,
    );
    return `${connection}: ${loaded.join(', ')}`;
  });
  const advice =
    'Give every worker the same connections file, and send SIGHUP to those that run. Until then the lowest rate holds.';
  return trouble(check, `workers have loaded different calls per second for ${found.join('; ')}`, advice, {
    connections: differing,
  });
}

/** The same for limits of calls in flight: the lowest limit holds. */
export function limitsFinding(differing: readonly DifferingLimits[]): Finding {
  const check = 'limits';
  if (differing.length === 0) return well(check, 'all workers have loaded the same limits of calls in flight');
  const found = differing.map(({ connection, limits }) => {
    const loaded = limits.map(
      ({ max_concurrent_calls: limit, workers }) => `${limit ?? 'no limit'} (${counted(workers, 'worker')})`,
    );
    return `${connection}: ${loaded.join(', ')}`;
  });
  const advice =
    'Give every worker the same connections file, and send SIGHUP to those that run. Until then the lowest limit holds.';
  return trouble(check, `workers have loaded different limits of calls in flight for ${found.join('; ')}`, advice, {
    connections: differing,
  });
}

function schemaFinding(schema: SchemaVersion): Finding {
  const { applied, missing, unknown } = schema;
  if (missing.length > 0) {
    const found = `migrations that it has not had: ${missing.join(', ')}`;
    return trouble('schema', found, 'Start a worker or gateway of this version, which migrates the database.', {
      ...schema,
    });
  }
  if (unknown.length > 0) {
    const found = `migrations that this version does not know: ${unknown.join(', ')}`;
    return trouble(
      'schema',
      found,
      'A newer version of Ringfence uses this database: use the command line of that version.',
      {
        ...schema,
      },
    );
  }
  return well('schema', `newest: all of ${applied.length}, up to ${applied.at(-1)}`, { ...schema });
}

function zoneDataFinding(newest: string | null): Finding {
  const check = 'zone data';
  const facts = { zone_data: ZONE_DATA_VERSION, newest };
  if (newest === null) return well(check, `${ZONE_DATA_VERSION} here; no worker has reported a release`, facts);
  if (!isNewerZoneData(newest, ZONE_DATA_VERSION)) return well(check, `${newest}, the newest of the workers`, facts);
  const advice =
    'Run the same version of Ringfence everywhere: its clock changes may differ from those of this program.';
  return trouble(check, `${ZONE_DATA_VERSION} here, but a worker has had ${newest}`, advice, facts);
}
