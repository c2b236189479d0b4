/** The system under test: both servers, worker and gateway as processes that can be killed, and the provider beside them. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ApiOptions } from '../../client/http-api.ts';
import { API_ROOT } from '../../gateway/app.ts';
import { createSimulator, type Simulator } from '../../simulator/simulator.ts';
import { startDevServer } from '../dev-server.ts';
import { freePort } from '../free-port.ts';
import { startPostgres } from '../postgres.ts';
import { runSql } from '../postgres/sql.ts';
import { startGateway, startWorker } from '../start/processes.ts';
import { obtainTemporalCli } from '../temporal-binaries.ts';
import type { PartName } from './kills.ts';
import { Part } from './part.ts';
import { KEY_TTL_S, providerTerms, TIME_SCALE } from './provider-terms.ts';
import { startWebhookTap, type WebhookTap } from './webhook-tap.ts';

export interface ChaosSystem {
  readonly parts: Readonly<Record<PartName, Part>>;
  readonly api: ApiOptions;
  readonly tap: WebhookTap;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  /** Lives in this process: of all that takes part, the provider and its ledger are never killed. */
  readonly provider: Simulator;
  /** Where each process writes, by its name. */
  readonly logs: Readonly<Record<PartName, string>>;
  stop(): Promise<void>;
}

const BINARIES = fileURLToPath(new URL('../../.ringfence', import.meta.url));
const API_KEY = 'chaos-write-key-1';
const PROVIDER_KEY = 'chaos-provider-key';
const WEBHOOK_SECRET = 'whsec_chaos';
const DATABASE = 'ringfence';
/** The provider never gives an event up, however long the gateway is away. */
const PATIENT_DELIVERY = { retryMaxMs: 3_000, tries: 10_000 };
/** Below the ports that systems lend to outgoing connections: a process must find its own port free when it comes back. */
const FIRST_PORT = 20_000;
const PORTS = 10_000;
/** A campaign continues as new after so many events, so that it does during a run. */
const SHORT_HISTORY = 600;

export async function startSystem(options: {
  readonly home: string;
  readonly seed: string;
  readonly say: (line: string) => void;
}): Promise<ChaosSystem> {
  const { home, seed, say } = options;
  const logOf = (name: string) => join(home, 'logs', `${name}.log`);
  const logs = {
    worker: logOf('worker'),
    gateway: logOf('gateway'),
    postgres: logOf('postgres'),
    temporal: logOf('temporal'),
  };
  const ports = await lastingPorts(3);
  const [temporalPort, postgresPort, gatewayPort] = ports;
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
  const tap = await startWebhookTap(`${gatewayUrl}/webhooks/truedy`);
  const provider = createSimulator({
    seed,
    timeScale: TIME_SCALE,
    keyTtlMs: KEY_TTL_S * 1000,
    apiKey: PROVIDER_KEY,
    webhook: { url: tap.url, secret: WEBHOOK_SECRET },
    delivery: PATIENT_DELIVERY,
  });
  const baseUrl = await provider.listen();
  const { path } = await obtainTemporalCli({ env: process.env, home: BINARIES, report: say });
  const temporalAddress = `127.0.0.1:${temporalPort}`;
  const databaseUrl = `postgres://ringfence@127.0.0.1:${postgresPort}/${DATABASE}`;
  const env = {
    ...providerTerms({ baseUrl, apiKey: PROVIDER_KEY, secret: WEBHOOK_SECRET }),
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: 'default',
  };
  const parts = {
    temporal: new Part('temporal', () => startTemporal(path, home, temporalPort!, logs.temporal), say),
    postgres: new Part('postgres', () => startDatabase(home, postgresPort!, logs.postgres), say),
    worker: new Part('worker', () => startWorker({ logFile: logs.worker, env }), say),
    gateway: new Part(
      'gateway',
      () => startGateway({ logFile: logs.gateway, port: gatewayPort!, env: { ...env, RINGFENCE_API_KEY: API_KEY } }),
      say,
    ),
  };
  const stop = async () => {
    await Promise.all([parts.worker.stop(), parts.gateway.stop()]);
    await Promise.all([parts.temporal.stop(), parts.postgres.stop(), provider.close(), tap.close()]);
  };
  try {
    await Promise.all([parts.temporal.run(), parts.postgres.run()]);
    await Promise.all([parts.worker.run(), parts.gateway.run()]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    parts,
    api: { baseUrl: gatewayUrl + API_ROOT, key: API_KEY },
    tap,
    databaseUrl,
    temporalAddress,
    provider,
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
  for (let next = FIRST_PORT + (process.pid % PORTS); ports.length < count; next += 1) {
    if ((await freePort(next)) === next) ports.push(next);
  }
  return ports;
}
