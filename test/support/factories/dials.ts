/** Campaigns on record without a workflow, for tests that call an activity by itself. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities, type Activities } from '../../../activities/index.ts';
import type { Dial } from '../../../db/dial.ts';
import { adoptRoster } from '../../../db/adoption.ts';
import { inTransaction, type Pool } from '../../../db/pool.ts';
import { CreateCampaign } from '../../../domain/api/campaign-request.ts';
import { dialMarginMs } from '../../../domain/engine/dial-margin.ts';
import { type CallAddress, callId, workflowId } from '../../../domain/engine/ids.ts';
import { createCampaign } from '../../../gateway/routes/create-campaign.ts';
import { connectionOf } from '../../../providers/connections/connection.ts';
import type { CallProvider } from '../../../providers/port.ts';
import { pacingFacts } from '../../../worker/facts.ts';
import { nextId } from './ids.ts';
import { fictitiousPerson } from './people.ts';
import type { Connections } from '../../../providers/connections/open-connections.ts';
import { connectionsTo, TRUEDY_ALONE } from './connections.ts';

const RUN = 'the run';

export interface RecordedCampaign {
  readonly id: string;
  callId(seq: number): string;
}

/** A campaign of so many people, owned by the run that activities here are called by. */
export async function recordCampaign(pool: Pool, people: number, now: number): Promise<RecordedCampaign> {
  const request = CreateCampaign.parse({
    name: nextId('Reminders'),
    agent_id: 'agent-1',
    contacts: Array.from({ length: people }, (_, index) => fictitiousPerson(index)),
  });
  const { id } = await createCampaign({ pool, now, connections: TRUEDY_ALONE }, 'default', request);
  await inTransaction(pool, (tx) => adoptRoster(tx, { campaignId: id, runId: RUN, number: 1 }, now));
  return { id, callId: (seq) => callId({ campaignId: id, seq, attempt: 1 }) };
}

/** A first placement by the run `the run` in its first epoch, which may be dialled at any time. */
export function dialOf(address: CallAddress, changes: Partial<Dial> = {}): Dial {
  return {
    ...address,
    callId: callId(address),
    day: '2026-03-18',
    connection: 'truedy',
    madeFor: 'truedy',
    runId: RUN,
    epoch: 1,
    placement: 1,
    notBefore: 0,
    notAfter: Number.MAX_SAFE_INTEGER,
    marginMs: 0,
    lostAfterMs: 3_600_000,
    terms: TRUEDY_ALONE.get('truedy')!.connection,
    ...changes,
  };
}

/** Calls one activity as a worker would, for a campaign that calls through the connection of this provider. */
export async function callActivity<
  K extends Exclude<keyof Activities, 'callingWindow' | 'reportShare' | 'divideConnection' | 'lookUpLeftCalls'>,
>(
  name: K,
  {
    pool,
    provider,
    now,
    databaseNow = now,
    connections = connectionsTo(provider),
  }: {
    readonly pool: Pool;
    readonly provider: CallProvider;
    readonly now: () => number;
    readonly databaseNow?: () => number;
    /** Default: the connection of the provider alone. */
    readonly connections?: Connections;
  },
  request: Omit<Parameters<Activities[K]>[0], 'connection' | 'marginMs'> & { readonly marginMs?: number },
): Promise<Awaited<ReturnType<Activities[K]>>> {
  const activities = createActivities({
    pool,
    connections,
    now,
    databaseClock: () => Promise.resolve(databaseNow()),
    factsOf: () => pacingFacts(provider, { ...connectionOf(provider), graceMs: 60_000, searchAttributes: false }),
  });
  const env = new MockActivityEnvironment({
    workflowExecution: { workflowId: workflowId(request.campaignId), runId: RUN },
  });
  const activity = activities[name] as (request: unknown) => Promise<unknown>;
  return (await env.run<[unknown], unknown, (request: unknown) => Promise<unknown>>(activity, {
    connection: provider.name,
    marginMs: dialMarginMs(provider.facts),
    ...request,
  })) as Awaited<ReturnType<Activities[K]>>;
}
