/** One run of one peer: its processes and its provider are started, its people are called, its ledger is read. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Child } from '../../scripts/child.ts';
import { freePort } from '../../scripts/free-port.ts';
import { type SimulatorProcess, startSimulator, tellProvider } from '../../scripts/start/processes.ts';
import { providerTerms } from '../../scripts/start/provider-terms.ts';
import { readCpu, readServerWork, type Used } from './counters.ts';
import { killAt, type Moment, until } from './moments.ts';
import type { LaunchedPeer, Peer } from './peer.ts';
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
  /** When a worker was killed, epoch milliseconds. */
  readonly killedAt: Readonly<Partial<Record<Moment, number>>>;
  readonly used: Used;
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

/**
 * @param name of the run, of its database and the folder of its logs.
 * @param kills the moments, spread over the first half of the contacts, so that there is time left to recover in.
 */
export async function runPeerOnce(
  peer: Peer,
  servers: Servers,
  terms: RunTerms,
  { name, home, kills }: { readonly name: string; readonly home: string; readonly kills: readonly Moment[] },
): Promise<Run> {
  const started: Child[] = [];
  const own = <T extends Child>(child: T): T => {
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
      ...providerTerms(1, { baseUrl: provider.baseUrl, apiKey: API_KEY, secret: SECRET }),
    };
    const ground = { home, logs, slots: terms.concurrency, env };
    // The first gateway makes the tables, which is not to be counted.
    await (await peer.launch(ground)).gateway.stop();
    const workBefore = await readServerWork(servers, name);
    const launched = await peer.launch(ground);
    own(launched.gateway);
    await tellProvider(provider, { url: `${launched.gatewayUrl}/webhooks/truedy`, secret: SECRET });
    const scene: Scene = { peer: launched, provider, terms, worker: own(await launched.startWorker()) };

    const cpuBefore = await readCpu(servers, [scene.worker.pid, launched.gateway.pid]);
    await launched.enlist(terms.contacts);
    const killedAt = await killInTurn(scene, kills, own);
    const unfinished = await untilOver(scene);
    const cpuAfter = await readCpu(servers, [scene.worker.pid, launched.gateway.pid]);
    await scene.worker.stop();
    await launched.gateway.stop();
    const workAfter = await readServerWork(servers, name);
    const used = {
      processesMs: cpuAfter.processesMs - cpuBefore.processesMs,
      serversMs: cpuAfter.serversMs - cpuBefore.serversMs,
      rowsWritten: workAfter.rowsWritten - workBefore.rowsWritten,
      redisCommands: workAfter.redisCommands - workBefore.redisCommands,
    };
    return { calls: await readCalls(provider), unfinished, killedAt, used };
  } finally {
    for (const child of started) await child.stop();
  }
}

async function killInTurn(
  scene: Scene,
  kills: readonly Moment[],
  own: (child: Child) => Child,
): Promise<Partial<Record<Moment, number>>> {
  const { contacts, concurrency, callSeconds } = scene.terms;
  const killedAt: Partial<Record<Moment, number>> = {};
  for (const [index, moment] of kills.entries()) {
    const share = (index + 1) / (2 * kills.length);
    await until(scene.provider, ({ accepted }) => accepted >= contacts * share);
    const { provider, worker, peer } = scene;
    const cast = { provider, worker, gateway: peer.gateway };
    killedAt[moment] = await killAt(moment, { slots: concurrency, callMs: callSeconds * 1000 }, cast);
    scene.worker = own(await scene.peer.startWorker());
  }
  return killedAt;
}

/** Until everybody is through, or nothing moves any more. Returns how many are not through. */
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
