/**
 * `npm run bench -- ceiling`: what a bare workflow does on this server, and what a real campaign does beside it. The bare
 * one runs an activity that does nothing and takes a signal from a plain client, per item, under a semaphore. The real
 * one dials over HTTP, takes signed webhooks, keeps records, passes all gates. One after the other, on the same servers.
 */
import { connectTemporal } from '../client/temporal/connection.ts';
import { startChild } from '../scripts/child.ts';
import { findReadyLine } from '../scripts/start/ready-line.ts';
import { waitUntilReady } from '../scripts/wait-until-ready.ts';
import { runCampaign } from './campaign.ts';
import { BARE_QUEUE, type BareInput } from './ceiling/messages.ts';
import { importPeople } from './contacts.ts';
import { cpuMs } from './cpu.ts';
import { callsPerSecond, rounded } from './statistics.ts';
import { cpuPerCall, type CpuUse, cpuUse, type MeasuredSystem, setCallLength } from './system.ts';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

export interface CeilingOptions {
  readonly items: number;
  readonly slots: number;
  readonly callSeconds: number;
  readonly timeScale: number;
}

export interface CeilingReport {
  readonly items: number;
  readonly slots: number;
  readonly call_seconds: number;
  readonly bare: Measured;
  readonly campaign: Measured;
  /** The campaign's items per second over the bare workflow's. */
  readonly ratio: number;
}

interface Measured {
  readonly items_per_second: number;
  readonly cpu_ms_per_item: CpuUse;
}

export async function measureCeiling(system: MeasuredSystem, options: CeilingOptions): Promise<CeilingReport> {
  const { items, slots, callSeconds } = options;
  await system.workerReady;
  const bare = await measureBare(system, options);
  console.error(JSON.stringify({ bare }));
  const campaign = await measureCampaign(system, options);
  return {
    items,
    slots,
    call_seconds: callSeconds,
    bare,
    campaign,
    ratio: rounded(campaign.items_per_second / bare.items_per_second),
  };
}

async function measureBare(system: MeasuredSystem, { items, slots, callSeconds }: CeilingOptions): Promise<Measured> {
  const logFile = join(system.logs, 'bare.log');
  const worker = await startChild({
    command: process.execPath,
    args: ['--import', 'tsx', fileURLToPath(new URL('ceiling/worker.ts', import.meta.url))],
    logFile,
    env: { ...system.temporalEnv, BARE_CALL_MS: String(callSeconds * 1000) },
  });
  try {
    await waitUntilReady('The bare worker', worker, {
      logFile,
      timeoutMs: 60_000,
      probe: () => findReadyLine(logFile, 0),
    });
    const client = await connectTemporal({ env: { ...process.env, ...system.temporalEnv } });
    const before = await cpuUse(system);
    const workerBefore = await cpuMs(worker.pid);
    const startedAt = Date.now();
    const input: BareInput = { items, free: slots, done: 0, begun: 0 };
    const args: [BareInput] = [input];
    await client.workflow.execute('bare', { workflowId: 'bare', taskQueue: BARE_QUEUE, args });
    const seconds = (Date.now() - startedAt) / 1000;
    const after = await cpuUse(system);
    const used = cpuPerCall(before, after, items);
    await client.connection.close();
    return {
      items_per_second: rounded(items / seconds, 1),
      cpu_ms_per_item: { ...used, worker: rounded(((await cpuMs(worker.pid)) - workerBefore) / items, 1) },
    };
  } finally {
    await worker.stop();
  }
}

async function measureCampaign(system: MeasuredSystem, options: CeilingOptions): Promise<Measured> {
  const { items, slots, callSeconds, timeScale } = options;
  await setCallLength(system, timeScale, callSeconds * 1000);
  const folder = await importPeople(system.ringfence, items);
  const before = await cpuUse(system);
  const calls = await runCampaign(system, folder, { max_concurrent_calls: slots });
  const after = await cpuUse(system);
  return {
    items_per_second: callsPerSecond(calls),
    cpu_ms_per_item: cpuPerCall(before, after, calls.length),
  };
}
