/**
 * The system under test: both servers, two workers and two gateways as separate processes, a network between any two
 * of them, and the provider beside them.
 */
import { API_ROOT } from '../../domain/api/api-root.ts';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CarrierName } from '../../simulator/faults.ts';
import { createSimulator, type Simulator } from '../../simulator/simulator.ts';
import { startDevServer } from '../../scripts/dev-server.ts';
import { freePort } from '../../scripts/free-port.ts';
import { startPostgres } from '../../scripts/postgres.ts';
import { runSql } from '../../scripts/postgres/sql.ts';
import { startGateway, startWorker } from '../../scripts/start/processes.ts';
import { simulatedProvider } from '../../scripts/start/provider-terms.ts';
import { obtainTemporalCli } from '../../scripts/temporal-binaries.ts';
import type { Api } from './api.ts';
import { withConnectionLimits } from './limits.ts';
import { Network } from './network.ts';
import { Part } from './part.ts';
import { PARTS, type PartName } from './parts.ts';
import { GRACE_S, MARGINS, TIME_SCALE } from './margins.ts';
import { RequestWatch } from './request-watch.ts';
import { startWebhookTap, type WebhookTap } from './webhook-tap.ts';

export interface ChaosSystem {
  readonly parts: Readonly<Record<PartName, Part>>;
  readonly network: Network;
  /** Both gateways. */
  readonly api: Api;
  readonly tap: WebhookTap;
  /** Past the network, as all that the run itself asks. */
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  /** Lives in this process: of all that takes part, the provider and its ledger are never killed. */
  readonly provider: Simulator;
  /** When requests left for it. */
  readonly requests: RequestWatch;
  /** Where each process writes, by its name. */
  readonly logs: Readonly<Record<PartName, string>>;
  stop(): Promise<void>;
}

const BINARIES = fileURLToPath(new URL('../../.ringfence', import.meta.url));
const API_KEY = 'chaos-write-key-1';
const PROVIDER_SECRET = 'chaos-provider-secret';
const DATABASE = 'ringfence';
/** Where its API knows no limit, the provider never gives an event up, however long the gateway is away. */
const PATIENT_DELIVERY = { retryMaxMs: 3_000, tries: 10_000 };
/** Below the ports that systems lend to outgoing connections: a process must find its own port free when it comes back. */
const FIRST_PORT = 20_000;
const PORTS = 10_000;
/** Runs that are started together have neighbouring process ids, and each must find its own ports. */
const PORTS_OF_A_RUN = 8;
/** A campaign continues as new after so many events, so that it does during a run. */
const SHORT_HISTORY = 600;

export async function startSystem(options: {
  readonly home: string;
  readonly seed: string;
  /** Whose adapter the calls go through. */
  readonly carrier: CarrierName;
  readonly say: (line: string) => void;
}): Promise<ChaosSystem> {
  const { home, seed, carrier, say } = options;
  const logs = Object.fromEntries(
    PARTS.map((part) => [part, join(home, 'logs', `${part}.log`)]),
  ) as ChaosSystem['logs'];
  const [temporalPort, postgresPort, firstGatewayPort, secondGatewayPort] = await lastingPorts(4);
  const ports = {
    temporal: temporalPort!,
    postgres: postgresPort!,
    'gateway-1': firstGatewayPort!,
    'gateway-2': secondGatewayPort!,
  };
  const margins = MARGINS[carrier];
  const account = simulatedProvider(carrier, { home, margins, newSecret: () => PROVIDER_SECRET });
  const provider = createSimulator({
    carrier,
    seed,
    timeScale: TIME_SCALE,
    keyTtlMs: margins.keyTtlS * 1000,
    apiKey: account.apiKey,
    delivery: PATIENT_DELIVERY,
  });
  const baseUrl = new URL(await provider.listen());
  const requests = new RequestWatch(carrier);
  const network = await Network.start(
    {
      ...ports,
      provider: Number(baseUrl.port),
      // Nobody calls a worker.
      'worker-1': 0,
      'worker-2': 0,
    },
    requests.noteData,
  );
  const tap = await startWebhookTap(
    (['gateway-1', 'gateway-2'] as const).map((gateway) => `http://127.0.0.1:${network.port('provider', gateway)}`),
  );
  provider.setWebhook(account.webhookTo(tap.url) ?? null);
  const unlimited = await account.connect({
    baseUrl: `http://127.0.0.1:${network.port('ringfence', 'provider')}${baseUrl.pathname.replace(/\/$/, '')}`,
    gatewayUrl: tap.url,
  });
  const connection = await withConnectionLimits(carrier, unlimited, home);
  const { path } = await obtainTemporalCli({ env: process.env, home: BINARIES, report: say });
  const envOf = (from: 'worker-1' | 'worker-2' | 'gateway-1' | 'gateway-2') => ({
    ...connection,
    RINGFENCE_CALL_GRACE: String(GRACE_S),
    DATABASE_URL: `postgres://ringfence@127.0.0.1:${network.port(from, 'postgres')}/${DATABASE}`,
    TEMPORAL_ADDRESS: `127.0.0.1:${network.port(from, 'temporal')}`,
    TEMPORAL_NAMESPACE: 'default',
  });
  const worker = (part: 'worker-1' | 'worker-2') =>
    new Part(part, () => startWorker({ logFile: logs[part], env: envOf(part) }), say);
  const gateway = (part: 'gateway-1' | 'gateway-2') => {
    // All operators and the watch are one caller here.
    const env = { ...envOf(part), RINGFENCE_API_KEY: API_KEY, RINGFENCE_REQUESTS_PER_MINUTE: '1000000' };
    return new Part(part, () => startGateway({ logFile: logs[part], port: ports[part], env }), say);
  };
  const parts = {
    temporal: new Part('temporal', () => startTemporal(path, home, ports.temporal, logs.temporal), say),
    postgres: new Part('postgres', () => startDatabase(home, ports.postgres, logs.postgres), say),
    'worker-1': worker('worker-1'),
    'worker-2': worker('worker-2'),
    'gateway-1': gateway('gateway-1'),
    'gateway-2': gateway('gateway-2'),
  };
  const ours = ['worker-1', 'worker-2', 'gateway-1', 'gateway-2'] as const;
  const stop = async () => {
    requests.stop();
    network.restore();
    await Promise.all(ours.map((part) => parts[part].stop()));
    await Promise.all([parts.temporal.stop(), parts.postgres.stop(), provider.close(), tap.close()]);
    await network.close();
  };
  try {
    await Promise.all([parts.temporal.run(), parts.postgres.run()]);
    await Promise.all(ours.map((part) => parts[part].run()));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    parts,
    network,
    api: {
      baseUrls: (['gateway-1', 'gateway-2'] as const).map((part) => `http://127.0.0.1:${ports[part]}${API_ROOT}`),
      key: API_KEY,
    },
    tap,
    databaseUrl: `postgres://ringfence@127.0.0.1:${ports.postgres}/${DATABASE}`,
    temporalAddress: `127.0.0.1:${ports.temporal}`,
    provider,
    requests,
    logs,
    stop,
  };
}

async function startTemporal(executable: string, home: string, port: number, logFile: string) {
  const server = await startDevServer({
    executable,
    port,
    dbFilename: join(home, 'temporal.db'),
    logFile,
    dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': SHORT_HISTORY },
  });
  if (server.address.endsWith(`:${port}`)) return server;
  await server.kill();
  throw new Error(`port ${port} is taken`);
}

async function startDatabase(home: string, port: number, logFile: string) {
  const server = await startPostgres({ dataDir: join(home, 'postgres'), port, logFile });
  if (server.port === port) {
    await server.createDatabase(DATABASE);
    await runSql(server.url(DATABASE), 'select 1');
    return server;
  }
  await server.kill();
  throw new Error(`port ${port} is taken`);
}

async function lastingPorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let next = FIRST_PORT + ((process.pid * PORTS_OF_A_RUN) % PORTS); ports.length < count; next += 1) {
    if ((await freePort(next)) === next) ports.push(next);
  }
  return ports;
}
