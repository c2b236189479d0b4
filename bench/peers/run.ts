/** One run of one peer: its processes and its provider are started, its people are called, its ledger is read. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Child } from '../../scripts/child.ts';
import { freePort } from '../../scripts/free-port.ts';
import { type SimulatorProcess, startSimulator, tellProvider } from '../../scripts/start/processes.ts';
import { demoMargins } from '../../scripts/start/margins.ts';
import { truedyTerms } from '../../scripts/start/provider-terms.ts';
import { readCpu, readServerWork, type Used } from './counters.ts';
import { killAt, type Moment, until } from './moments.ts';
import type { Ground, LaunchedPeer, Peer } from './peer.ts';
import { type LedgerCalls, lives, readCalls, readSituation } from './provider.ts';
import type { Servers } from './servers.ts';

export interface RunTerms {
  readonly contacts: number;
  readonly concurrency: number;
  readonly callSeconds: number;
}

export interface Run {
  readonly calls: LedgerCalls;
  readonly unfinished: number;
}

export interface CalmRun extends Run {
  readonly used: Used;
}

export interface KilledRun extends Run {
  /** When the worker was killed, epoch milliseconds. */
  readonly killedAt: Readonly<Record<Moment, number>>;
}

interface TestBed {
  readonly provider: SimulatorProcess;
  readonly ground: Ground;
  /** Stops a process with the run. */
  readonly own: <T extends Child>(child: T) => T;
}

interface Scene {
  readonly peer: LaunchedPeer;
  readonly provider: SimulatorProcess;
  readonly terms: RunTerms;
  worker: Child;
}

const API_KEY = 'bench-provider-key';
const SECRET = 'whsec_bench';
const LOOK_EVERY_MS = 250;
/** Nothing has happened for so long: longer than any lock or time-out that the peers are set up with. */
const STUCK_MS = 45_000;

/** Calls everybody once, and counts what that takes. */
export async function runInCalm(peer: Peer, servers: Servers, terms: RunTerms, home: string): Promise<CalmRun> {
  const name = 'calm';
  return withTestBed(servers, terms, { name, home }, async (bed) => {
    // The first gateway makes the tables, which is not to be counted.
    await (await peer.launch(bed.ground)).gateway.stop();
    const workBefore = await readServerWork(servers, name);
    const scene = await beginOn(bed, peer, terms);
    const processes = [scene.worker.pid, scene.peer.gateway.pid];
    const cpuBefore = await readCpu(servers, processes);
    await scene.peer.enlist(terms.contacts);
    const unfinished = await untilOver(scene);
    const cpuAfter = await readCpu(servers, processes);
    await scene.worker.stop();
    await scene.peer.gateway.stop();
    const workAfter = await readServerWork(servers, name);
    const used = {
      processesMs: cpuAfter.processesMs - cpuBefore.processesMs,
      serversMs: cpuAfter.serversMs - cpuBefore.serversMs,
      rowsWritten: workAfter.rowsWritten - workBefore.rowsWritten,
      redisCommands: workAfter.redisCommands - workBefore.redisCommands,
    };
    return { calls: await readCalls(bed.provider), unfinished, used };
  });
}

/** The same, with the worker killed at each moment in turn: in the first half, so that there is time to recover in. */
export async function runWithKills(peer: Peer, servers: Servers, terms: RunTerms, home: string): Promise<KilledRun> {
  return withTestBed(servers, terms, { name: 'killed', home }, async (bed) => {
    const scene = await beginOn(bed, peer, terms);
    await scene.peer.enlist(terms.contacts);
    const killedAt = {
      replies: await killOnceCalled(bed, scene, 'replies', 1 / 6),
      live: await killOnceCalled(bed, scene, 'live', 2 / 6),
      refilling: await killOnceCalled(bed, scene, 'refilling', 3 / 6),
    };
    const unfinished = await untilOver(scene);
    return { calls: await readCalls(bed.provider), unfinished, killedAt };
  });
}

/** Sets up a database and a provider for one run, and takes all of its processes down after it. */
async function withTestBed<T>(
  servers: Servers,
  terms: RunTerms,
  { name, home }: { readonly name: string; readonly home: string },
  play: (bed: TestBed) => Promise<T>,
): Promise<T> {
  const started: Child[] = [];
  const own = <C extends Child>(child: C): C => {
    started.unshift(child);
    return child;
  };
  const logs = join(home, 'logs', name);
  await mkdir(logs, { recursive: true });
  await servers.postgres.createDatabase(name);
  try {
    const provider = own(
      await startSimulator({
        logFile: join(logs, 'provider.log'),
        port: await freePort(),
        seed: '1',
        timeScale: 1,
        apiKey: API_KEY,
        faults: { rules: lives(terms.callSeconds * 1000) },
      }),
    );
    const env = {
      DATABASE_URL: servers.postgres.url(name),
      ...(servers.temporalAddress === null
        ? {}
        : { TEMPORAL_ADDRESS: servers.temporalAddress, TEMPORAL_NAMESPACE: 'default' }),
      ...(servers.redisPort === null ? {} : { REDIS_PORT: String(servers.redisPort) }),
      ...truedyTerms(demoMargins(1), { baseUrl: provider.baseUrl, apiKey: API_KEY, secret: SECRET }),
    };
    return await play({ provider, own, ground: { home, logs, slots: terms.concurrency, env } });
  } finally {
    for (const child of started) await child.stop();
  }
}

async function beginOn({ provider, ground, own }: TestBed, peer: Peer, terms: RunTerms): Promise<Scene> {
  const launched = await peer.launch(ground);
  own(launched.gateway);
  await tellProvider(provider, { url: `${launched.gatewayUrl}/webhooks/truedy`, secret: SECRET });
  return { peer: launched, provider, terms, worker: own(await launched.startWorker()) };
}

/** @param share of the contacts that have been called by then. */
async function killOnceCalled({ own }: TestBed, scene: Scene, moment: Moment, share: number): Promise<number> {
  const { provider, worker, peer, terms } = scene;
  await until(provider, ({ accepted }) => accepted >= terms.contacts * share);
  const cast = { provider, worker, gateway: peer.gateway };
  const at = await killAt(moment, { slots: terms.concurrency, callMs: terms.callSeconds * 1000 }, cast);
  scene.worker = own(await peer.startWorker());
  return at;
}

/** Waits until every contact has ended, or nothing moves any more. Returns how many have not ended. */
async function untilOver({ peer, provider, terms }: Scene): Promise<number> {
  let last = '';
  let since = performance.now();
  for (;;) {
    const { accepted, inFlight } = await readSituation(provider);
    const unfinished = accepted < terms.contacts ? terms.contacts : await peer.unfinished();
    if (unfinished === 0 && inFlight === 0) return 0;
    const now = `${accepted} ${inFlight} ${unfinished}`;
    if (now !== last) since = performance.now();
    last = now;
    if (performance.now() - since > STUCK_MS) return peer.unfinished();
    await pause(LOOK_EVERY_MS);
  }
}
