/**
 * `npm run bench -- large`: one campaign with thousands of calls in flight, for as long as it is let run. It shows what
 * the campaign sustains and, from the processor time of each process, what stops it. Calls last from about half to one and
 * a half times the mean.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { peakInFlight } from '../simulator/ledger.ts';
import { readLedger } from '../scripts/start/ledger.ts';
import { cancel, createCampaign } from './campaign.ts';
import { importPeople } from './contacts.ts';
import { memoryOf } from './cpu.ts';
import { lives, setRules } from './peers/provider.ts';
import { percentiles, refillTimes, rounded } from './statistics.ts';
import { cpuPerCall, type CpuUse, cpuUse, type MeasuredSystem } from './system.ts';

export interface LargeOptions {
  readonly contacts: number;
  readonly slots: number;
  readonly callSeconds: number;
  readonly seconds: number;
  readonly timeScale: number;
}

export interface LargeReport {
  readonly contacts: number;
  readonly concurrency: number;
  readonly call_seconds: number;
  /** How long it took to fill the slots, and what the filled campaign did afterwards. */
  readonly filled_after_seconds: number | null;
  readonly peak_in_flight: number;
  readonly mean_in_flight: number;
  readonly starts_per_second: number;
  /** What full slots would start. */
  readonly ideal_starts_per_second: number;
  readonly refill_ms: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly cpu_ms_per_call: CpuUse;
  readonly worker_mb: number;
}

export async function measureLarge(system: MeasuredSystem, options: LargeOptions): Promise<LargeReport> {
  const { contacts, slots, callSeconds, seconds, timeScale } = options;
  const worker = await system.workerReady;
  await setRules(system.simulator, lives(callSeconds * 1000 * timeScale));
  const folder = await importPeople(system.ringfence, contacts);
  const startedAt = Date.now();
  const before = await cpuUse(system);
  const { id } = await createCampaign(system, folder, { max_concurrent_calls: slots });
  let filledAt: number | null = null;
  while (Date.now() < (filledAt ?? startedAt + seconds * 1000) + seconds * 1000) {
    await pause(2_000);
    const { in_progress, status } = await system.ringfence.campaigns.get(id);
    if (filledAt === null && in_progress >= slots * 0.98) filledAt = Date.now();
    console.error(JSON.stringify({ after: Math.round((Date.now() - startedAt) / 1000), in_progress, status }));
  }
  const until = Date.now();
  const after = await cpuUse(system);
  const memory = await memoryOf(worker.pid);
  const calls = (await readLedger(system.ledgerUrl, id)).filter(({ accepted_at }) => accepted_at < until);
  const from = filledAt ?? startedAt;
  const talked = calls.reduce((sum, { accepted_at, ended_at }) => {
    return sum + Math.max(0, Math.min(ended_at ?? until, until) - Math.max(accepted_at, from));
  }, 0);
  await cancel(system, id);
  return {
    contacts,
    concurrency: slots,
    call_seconds: callSeconds,
    filled_after_seconds: filledAt === null ? null : rounded((filledAt - startedAt) / 1000, 1),
    peak_in_flight: peakInFlight(calls),
    mean_in_flight: rounded(talked / (until - from), 1),
    starts_per_second: rounded(
      calls.filter(({ accepted_at }) => accepted_at >= from).length / ((until - from) / 1000),
      1,
    ),
    ideal_starts_per_second: rounded(slots / callSeconds, 1),
    refill_ms: percentiles(refillTimes(calls, slots)),
    cpu_ms_per_call: cpuPerCall(before, after, calls.length),
    worker_mb: Math.round(memory.now / 1e6),
  };
}
