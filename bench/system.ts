/** A whole system for one measurement: its own Temporal server, PostgreSQL, provider, worker and gateway. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openPool } from '../db/pool.ts';
import { type Postgres, startPostgres } from '../scripts/postgres.ts';
import type { Children } from '../scripts/start/children.ts';
import { startSystem, type System } from '../scripts/start/system.ts';
import type { CarrierName } from '../simulator/faults.ts';
import { cpuMs } from './cpu.ts';
import { inOwnHome } from './own-home.ts';
import { setRules } from './peers/provider.ts';

const BINARIES = fileURLToPath(new URL('../.ringfence', import.meta.url));

export interface MeasuredSystem extends System {
  readonly home: string;
  readonly postgres: Postgres;
  readonly databaseUrl: string;
  /** Starts processes that are stopped with the system. */
  readonly children: Children;
  readonly logs: string;
}

/** Processes whose processor time is counted, by name. */
export type CpuUse = Readonly<Record<'worker' | 'gateway' | 'provider' | 'postgres' | 'temporal', number>>;

/** Starts a whole system in a separate home, measures, and stops it. */
export function onSystem<T>(
  { timeScale, provider }: { readonly timeScale: number; readonly provider: CarrierName },
  measure: (system: MeasuredSystem) => Promise<T>,
): Promise<T> {
  return inOwnHome('bench', async ({ home, children, giveUp }) => {
    const logFile = join(home, 'postgres.log');
    const postgres = await children.start(
      { name: 'PostgreSQL', logFile, rank: 0 },
      () =>
        startPostgres({
          dataDir: join(home, 'postgres'),
          port: 0,
          logFile,
          settings: { shared_preload_libraries: 'pg_stat_statements' },
        }),
      (server) => server,
    );
    await postgres.createDatabase('ringfence');
    const databaseUrl = postgres.url('ringfence');
    const system = await startSystem(
      children,
      { home, provider, seed: '1', timeScale, exit: true, webUi: null },
      { binaries: BINARIES, say: (line) => console.error(line), giveUp, databaseUrl },
    );
    await allowManyCalls(databaseUrl);
    return measure({ ...system, home, postgres, databaseUrl, children, logs: join(home, 'logs') });
  });
}

/** Measurements call the same made-up numbers more often than people may be called. */
async function allowManyCalls(databaseUrl: string): Promise<void> {
  const pool = openPool(databaseUrl, { max: 1 });
  await pool.query("insert into accounts (name, per_number) values ('default', '[]')");
  await pool.end();
}

/** Makes every call from now on last this long at the provider, from its acceptance to its end, in real milliseconds. */
export async function setCallLength(system: System, timeScale: number, milliseconds: number): Promise<void> {
  const life = { outcome: 'completed', queue_ms: 0, ring_ms: 0, talk_ms: milliseconds * timeScale } as const;
  await setRules(system.simulator, [{ fault: { kind: 'life', ...life } }]);
}

/** Processor milliseconds of each process so far. */
export async function cpuUse(system: MeasuredSystem): Promise<CpuUse> {
  const [worker, gateway, provider, postgres, temporal] = await Promise.all([
    system.workerReady.then(({ pid }) => cpuMs(pid)),
    cpuMs(system.gateway.pid),
    cpuMs(system.simulator.pid),
    cpuMs(system.postgres.pid),
    system.temporal ? cpuMs(system.temporal.pid) : 0,
  ]);
  return { worker, gateway, provider, postgres, temporal };
}

/** What was used between two readings, per call. */
export function cpuPerCall(before: CpuUse, after: CpuUse, calls: number): CpuUse {
  const per = (name: keyof CpuUse): number => Math.round(((after[name] - before[name]) / calls) * 10) / 10;
  return {
    worker: per('worker'),
    gateway: per('gateway'),
    provider: per('provider'),
    postgres: per('postgres'),
    temporal: per('temporal'),
  };
}
