/** What `stop` does: the row, the wait until it is true, and the calls that are left. */
import { hostname, userInfo } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from '../../db/pool.ts';
import type { Stop, StopScope } from '../../db/stops.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { untilNothingIsSent } from './acknowledge.ts';
import { flagOf, optionFor } from './selector.ts';

export interface StoppedCampaign {
  readonly id: string;
  readonly name: string;
  readonly account: string;
  readonly connection: string;
  readonly status: string;
  /** Ids of calls that the carrier has and that have not ended, by the records. */
  readonly live: readonly string[];
  /** Ids of calls that the carrier may have. */
  readonly unknown: readonly string[];
}

export interface Stopped extends Stop {
  /** Whether the stop was in force before. */
  readonly already: boolean;
  /** Whether no call can be dialled any more. False: a worker's transaction does not end. */
  readonly acknowledged: boolean;
  readonly campaigns: readonly StoppedCampaign[];
  /** Campaigns that could not be told. They hold at their next dial. */
  readonly not_told: readonly string[];
}

/** A call that the carrier has. */
export interface CallAtCarrier {
  readonly callId: string;
  readonly connection: string;
  readonly providerCallId: string;
}

export interface StopOptions {
  readonly reason: string | null;
  /** Tells campaigns of the stop. Returns the ids of those that could not be told. */
  readonly tell: (ids: readonly string[]) => Promise<string[]>;
}

/**
 * @throws RingfenceError `not_found` for an account or connection that nothing belongs to; `conflict` if somebody ends the stop
 * before it is acknowledged
 */
export async function stopCalls(
  pool: Pool,
  scope: StopScope,
  { reason, tell }: StopOptions,
): Promise<{ readonly stopped: Stopped; readonly atCarrier: readonly CallAtCarrier[] }> {
  const { beginStop, coveredCampaigns, isKnownScope, listStops, liveCalls } = await import('../../db/stops.ts');
  if (!(await isKnownScope(pool, scope))) throw unknownScope(scope);
  const { stop, isNew } = await beginStop(pool, { scope, stopped_by: whoAmI(), reason });
  const told = coveredCampaigns(pool, scope).then((campaigns) =>
    tell(campaigns.filter(({ status }) => status !== 'interrupted').map(({ id }) => id)),
  );
  const elapsed = () => performance.now();
  const [acknowledged, notTold] = await Promise.all([untilNothingIsSent(pool, scope, { elapsed, sleep }), told]);
  const campaigns = await coveredCampaigns(pool, scope);
  const calls = await liveCalls(pool, scope);
  const isInForce = (await listStops(pool)).some((one) => one.scope === scope && one.since === stop.since);
  if (!isInForce) throw endedMeanwhile(scope);
  const idsOf = (campaignId: string, isKnown: boolean): string[] =>
    calls
      .filter((call) => call.campaignId === campaignId && (call.providerCallId !== null) === isKnown)
      .map(({ callId }) => callId);
  const stopped: Stopped = {
    ...stop,
    already: !isNew,
    acknowledged,
    campaigns: campaigns.map(({ id, name, account, connection, status }) => ({
      id,
      name,
      account,
      connection,
      status,
      live: idsOf(id, true),
      unknown: idsOf(id, false),
    })),
    not_told: notTold,
  };
  const atCarrier = calls.flatMap(({ callId, connection, providerCallId }) =>
    providerCallId === null ? [] : [{ callId, connection, providerCallId }],
  );
  return { stopped, atCarrier };
}

function endedMeanwhile(scope: StopScope): RingfenceError {
  const message = `"ringfence start ${optionFor(scope)}" has ended the stop meanwhile: calls may be dialled. Repeat the command to stop them.`;
  return new RingfenceError('conflict', message, { field: flagOf(scope) });
}

export function unknownScope(scope: StopScope): RingfenceError {
  const message = scope.startsWith('connection:')
    ? 'There is no connection of this name: no campaign calls through it, and no worker has ever loaded it.'
    : 'There is no account of this name: no campaign, no key and no limit belongs to it.';
  return new RingfenceError('not_found', message, { field: flagOf(scope) });
}

/** For the people who meet the stop. */
function whoAmI(): string {
  return `${userInfo().username}@${hostname()}`;
}
