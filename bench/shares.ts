/**
 * `npm run bench -- shares`: campaigns that share the limit of a connection, at a carrier that refuses what is above it. How full the
 * limit is kept, whether it is ever passed, how equal the shares are, and how many signals they cost. All but the signals is read
 * from the carrier's ledger.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connectTemporal } from '../client/temporal/connection.ts';
import { openPool } from '../db/pool.ts';
import { parseCallId, workflowId } from '../domain/engine/ids.ts';
import { SHARE_GIVEN, SHARE_REPORTED } from '../domain/engine/share-messages.ts';
import { createCampaign, untilOver } from './campaign.ts';
import { importPeople } from './contacts.ts';
import { readCalls, readSituation, setPlan } from './peers/provider.ts';
import { farthestFromEqual, fullSpan, peakOf, type Span, utilisationIn } from './shared-slots.ts';
import { rounded, type TimedCall } from './statistics.ts';
import type { MeasuredSystem } from './system.ts';

/** The simulated carrier that refuses calls above its limit, and its connection. */
export const SHARES_CARRIER = 'retell';

export interface SharesOptions {
  readonly campaigns: number;
  readonly contactsEach: number;
  readonly slotsEach: number;
  readonly limit: number;
  readonly callSeconds: number;
  readonly timeScale: number;
}

export interface SharesReport {
  readonly limit: number;
  readonly peak: number;
  readonly refused: number;
  /** From the first full second to the last one. */
  readonly utilisation: number;
  /** In the time in which shares are settled: from one call's length after the last campaign has begun, until the first has called its last contact. */
  readonly fairness_max_deviation: number;
  /** Signals of shares in the same time. */
  readonly signals_per_thousand_calls: number;
  /** Signals of shares from the beginning to the end. */
  readonly signals: number;
  readonly calls: number;
  readonly seconds: number;
}

/** Calls are from 0.8 to 1.2 times as long as the mean, by the last two digits of the number. */
const SHORTEST = 0.8;
const STEP = 0.4 / 99;
/** Neighbours in the roster have lengths that differ. */
const SHUFFLE = 37;

export async function measureShares(system: MeasuredSystem, options: SharesOptions): Promise<SharesReport> {
  const { campaigns, contactsEach, slotsEach, limit } = options;
  await setPlan(system.simulator, { rules: lengths(options.callSeconds), poses: { concurrency_limit: limit } });
  await limitConnection(system, limit);
  const folders: string[] = [];
  for (let n = 0; n < campaigns; n += 1) {
    folders.push(await importPeople(system.ringfence, contactsEach, n * contactsEach));
  }
  const created = await Promise.all(
    folders.map((folder) => createCampaign(system, folder, { max_concurrent_calls: slotsEach })),
  );
  await Promise.all(created.map(({ id }) => untilOver(system, id)));
  const calls = await readCalls(system.simulator);
  const byCampaign = created.map(({ id }) => calls.filter(({ key }) => parseCallId(key ?? '')?.campaignId === id));
  const span = fullSpan(calls, limit);
  if (!span) throw new Error('The limit was never used fully.');
  const longestMs = (options.callSeconds * 1_000 * (SHORTEST + STEP * 99)) / options.timeScale;
  const settled = {
    // Calls above the shares of those that began earlier have ended by then.
    from: Math.max(...byCampaign.map(firstBegin)) + longestMs,
    to: Math.min(...byCampaign.map(lastBegin)),
  };
  const signals = await signalsOfShares(
    system,
    created.map(({ id }) => workflowId(id)),
  );
  const within =
    ({ from, to }: Span) =>
    (at: number) =>
      at >= from && at < to;
  const settledCalls = calls.filter(({ accepted_at }) => within(settled)(accepted_at)).length;
  const { refused } = await readSituation(system.simulator);
  return {
    limit,
    peak: peakOf(calls),
    refused,
    utilisation: rounded(utilisationIn(calls, limit, span)),
    fairness_max_deviation: rounded(farthestFromEqual(byCampaign, settled)),
    signals_per_thousand_calls: rounded((signals.filter(within(settled)).length / settledCalls) * 1_000, 2),
    signals: signals.length,
    calls: calls.length,
    seconds: Math.round((span.to - span.from) / 1_000),
  };
}

function lengths(callSeconds: number) {
  return Array.from({ length: 100 }, (_, index) => ({
    match: { phone_suffix: String(index).padStart(2, '0') },
    fault: {
      kind: 'life' as const,
      outcome: 'completed' as const,
      queue_ms: 0,
      ring_ms: 0,
      talk_ms: Math.round(callSeconds * 1_000 * (SHORTEST + STEP * ((index * SHUFFLE) % 100))),
    },
  }));
}

const firstBegin = (calls: readonly TimedCall[]): number => Math.min(...calls.map(({ accepted_at }) => accepted_at));
const lastBegin = (calls: readonly TimedCall[]): number => Math.max(...calls.map(({ accepted_at }) => accepted_at));

/** Writes the limit into the connections file, and waits until the worker has read it. */
async function limitConnection({ home, databaseUrl, workerReady }: MeasuredSystem, limit: number): Promise<void> {
  const worker = await workerReady;
  const file = join(home, 'connections.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/^( *)calls_per_second: .*$/m, `$&\n$1max_concurrent_calls: ${limit}`));
  process.kill(worker.pid, 'SIGHUP');
  const pool = openPool(databaseUrl, { max: 1 });
  try {
    const isLoaded = async () =>
      (await pool.query('select from connection_loads where max_concurrent_calls = $1', [limit])).rowCount === 1;
    while (!(await isLoaded())) await pause(100);
  } finally {
    await pool.end();
  }
}

/** When the coordinator was told of something new, and campaigns of their shares. */
async function signalsOfShares({ temporalEnv }: MeasuredSystem, campaigns: readonly string[]): Promise<number[]> {
  const client = await connectTemporal({ env: { ...process.env, ...temporalEnv } });
  try {
    const times: number[] = [];
    const runs = client.workflow.list({
      query: `WorkflowId STARTS_WITH "connection-" or WorkflowId STARTS_WITH "campaign-"`,
    });
    for await (const { workflowId: id, runId } of runs) {
      if (id.startsWith('campaign-') && !campaigns.includes(id)) continue;
      const { events } = await client.workflow.getHandle(id, runId).fetchHistory();
      for (const { eventTime, workflowExecutionSignaledEventAttributes: signal } of events ?? []) {
        const isOfShares = signal?.signalName === SHARE_GIVEN || signal?.signalName === SHARE_REPORTED;
        if (isOfShares) times.push(Number(eventTime?.seconds) * 1_000 + Math.round(Number(eventTime?.nanos) / 1e6));
      }
    }
    return times;
  } finally {
    await client.connection.close();
  }
}
