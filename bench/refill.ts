/**
 * `npm run bench -- refill`: how soon the place of a call that ended is taken by the next one, and how full the slots are
 * kept, at several limits. Both are read from the provider's ledger. The time from the end of a call to the acceptance of
 * the next holds everything: webhook, signal, decision, dial record, request.
 */
import { runCampaign } from './campaign.ts';
import { importPeople } from './contacts.ts';
import { callsPerSecond, percentiles, refillTimes, rounded, utilisation } from './statistics.ts';
import { cpuPerCall, type CpuUse, cpuUse, type MeasuredSystem, setCallLength } from './system.ts';

export interface RefillOptions {
  readonly limits: readonly number[];
  readonly callSeconds: number;
  readonly timeScale: number;
}

export interface RefillRow {
  readonly concurrency: number;
  readonly calls: number;
  readonly refill_ms: { readonly p50: number; readonly p95: number; readonly p99: number };
  /** Of the time that the slots were there, how much was call. */
  readonly utilisation: number;
  readonly calls_per_second: number;
  readonly cpu_ms_per_call: CpuUse;
}

export interface RefillReport {
  readonly call_seconds: number;
  readonly rows: readonly RefillRow[];
}

/** Calls per slot: enough that filling all slots at once, and waiting for the last call, do not hide what lies between. */
const ROUNDS = 36;

export async function measureRefill(
  system: MeasuredSystem,
  { limits, callSeconds, timeScale }: RefillOptions,
): Promise<RefillReport> {
  await system.workerReady;
  await setCallLength(system, timeScale, callSeconds * 1000);
  const rows: RefillRow[] = [];
  for (const limit of limits) {
    const folder = await importPeople(system.ringfence, limit * ROUNDS);
    const before = await cpuUse(system);
    const calls = await runCampaign(system, folder, { max_concurrent_calls: limit });
    const after = await cpuUse(system);
    rows.push({
      concurrency: limit,
      calls: calls.length,
      refill_ms: percentiles(refillTimes(calls, limit)),
      utilisation: rounded(utilisation(calls, limit)),
      calls_per_second: callsPerSecond(calls),
      cpu_ms_per_call: cpuPerCall(before, after, calls.length),
    });
    console.error(JSON.stringify(rows.at(-1)));
  }
  return { call_seconds: callSeconds, rows };
}
