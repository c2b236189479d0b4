/** What `start` does: removes the row of a stop, and tells the campaigns that no other stop covers. */
import type { Pool } from '../../db/pool.ts';
import type { Stop, StopScope } from '../../db/stops.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { optionFor } from './selector.ts';
import type { StopOptions } from './stop-calls.ts';

export interface Started extends Stop {
  /** Campaigns that go on. */
  readonly resumed: readonly { readonly id: string; readonly name: string; readonly status: string }[];
  /** Campaigns that are paused or interrupted, and stay so. */
  readonly left: readonly { readonly id: string; readonly name: string; readonly status: string }[];
  /** Ids of campaigns that another stop covers. */
  readonly still_stopped: readonly string[];
  /** Ids of campaigns that could not be told. They look by themselves within a quarter of an hour. */
  readonly not_told: readonly string[];
}

/** @throws RingfenceError `not_found` if there is no such stop */
export async function startCalls(pool: Pool, scope: StopScope, { tell }: Pick<StopOptions, 'tell'>): Promise<Started> {
  const { coveredCampaigns, endStop, listStops } = await import('../../db/stops.ts');
  const stop = await endStop(pool, scope);
  if (stop === null) throw notStopped(await listStops(pool));
  const campaigns = await coveredCampaigns(pool, scope);
  const free = campaigns.filter(({ stoppedOtherwise }) => !stoppedOtherwise);
  const waits = ({ status }: { status: string }) => status === 'active' || status === 'scheduled';
  const notTold = await tell(free.filter(({ status }) => status !== 'interrupted').map(({ id }) => id));
  const named = ({ id, name, status }: (typeof campaigns)[number]) => ({ id, name, status });
  return {
    ...stop,
    resumed: free.filter(waits).map(named),
    left: free.filter((campaign) => !waits(campaign)).map(named),
    still_stopped: campaigns.filter(({ stoppedOtherwise }) => stoppedOtherwise).map(({ id }) => id),
    not_told: notTold,
  };
}

function notStopped(stops: readonly Stop[]): RingfenceError {
  const inForce =
    stops.length === 0 ? 'No stop is in force.' : `In force: ${stops.map(({ scope }) => optionFor(scope)).join(', ')}.`;
  return new RingfenceError('not_found', `There is no such stop. ${inForce}`, { field: '--all' });
}
