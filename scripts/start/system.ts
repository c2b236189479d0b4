/** Everything that a campaign needs, on this machine: what it stands on, then Ringfence itself. */
import { API_ROOT } from '../../domain/api/api-root.ts';
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ringfence, type RingfenceOptions } from '../../client/index.ts';
import { ZONE_DATA_VERSION } from '../../domain/windows/zone-data.ts';
import type { Child } from '../child.ts';
import type { Children } from './children.ts';
import { nearPort } from './near-port.ts';
import type { StartOptions } from './options.ts';
import {
  type Environment,
  type GatewayProcess,
  type SimulatorProcess,
  startGateway,
  startSimulator,
  startWorker,
  tellProvider,
} from './processes.ts';
import { demoMargins } from './margins.ts';
import { keepPorts, readPorts } from './ports.ts';
import { type SimulatedProvider, simulatedProvider } from './provider-terms.ts';
import { databaseService, elsewhere, temporalService } from './services.ts';

export interface System {
  readonly api: Pick<RingfenceOptions, 'baseUrl' | 'apiKey'>;
  readonly ringfence: Ringfence;
  readonly gatewayUrl: string;
  readonly ledgerUrl: string;
  /** Root of the Web UI and the namespace to look in; null where the server is not ours and nobody told. */
  readonly webUi: string | null;
  readonly namespace: string;
  /** How a client finds the Temporal server; empty when this process's own environment says so. */
  readonly temporalEnv: Environment;
  /** Resolves once a worker runs, which takes longest: what needs none can go on before. */
  readonly workerReady: Promise<Child>;
  readonly gateway: GatewayProcess;
  readonly simulator: SimulatorProcess;
  /** Null where the server is not ours. */
  readonly temporal: Child | null;
  /** What a further worker of this system runs with. */
  readonly workerEnv: Environment;
}

/** Who needs whom: the servers nobody, the simulator and Ringfence the servers, Ringfence the simulator. */
const RANK = { server: 0, simulator: 1, ringfence: 2 };

interface Surroundings {
  /** Where executables are kept for every home on this machine. */
  readonly binaries: string;
  readonly say: (line: string) => void;
  /** Cuts the start short: it then rejects, and leaves what runs to `children`. */
  readonly giveUp: AbortSignal;
  /** A database to use instead of starting one. */
  readonly databaseUrl?: string | undefined;
}

/** Each is ready before what needs it is started; what does not need each other starts side by side. */
export async function startSystem(
  children: Children,
  { home, provider: carrier, seed, timeScale, webUi }: StartOptions,
  { binaries, say, giveUp, databaseUrl }: Surroundings,
): Promise<System> {
  const logs = join(home, 'logs');
  // The logs of one start, so that they stay small and tell of nothing else.
  await rm(logs, { recursive: true, force: true });
  const logOf = (name: string) => join(logs, `${name}.log`);
  const ports = await readPorts(home);
  const gatewayPort = await nearPort(ports.gateway);
  const gatewayUrl = localUrl(gatewayPort);
  const provider = simulatedProvider(carrier, { home, margins: demoMargins(timeScale), newSecret: randomSecret });

  const server = { rank: RANK.server };
  const [temporal, database, simulator] = await Promise.all([
    children.start(
      { name: 'The Temporal development server', logFile: logOf('temporal'), ...server },
      () => temporalService({ home, logFile: logOf('temporal'), ports, binaries, webUi, say }),
      ({ child }) => child,
    ),
    children.start(
      { name: 'PostgreSQL', logFile: logOf('postgres'), ...server },
      () => databaseService({ home, logFile: logOf('postgres'), ports, say, given: databaseUrl }),
      ({ child }) => child,
    ),
    children.start(
      { name: 'The simulated provider', logFile: logOf('simulator'), rank: RANK.simulator },
      async () =>
        startSimulator({
          logFile: logOf('simulator'),
          giveUp,
          port: await nearPort(ports.simulator),
          carrier,
          seed,
          timeScale,
          apiKey: provider.apiKey,
          webhook: provider.webhookTo(gatewayUrl),
        }),
      (child) => child,
    ),
  ]);
  giveUp.throwIfAborted();
  say(`Temporal    ${temporal.told}`);
  say(`PostgreSQL  ${database.told}`);
  const simulated = carrier === 'truedy' ? 'simulated' : `simulated ${carrier}`;
  say(`Provider    ${simulator.baseUrl} (${simulated})${elsewhere(simulator.baseUrl, ports.simulator)}`);
  say(`Zone data   IANA ${ZONE_DATA_VERSION}`);

  const key = process.env.RINGFENCE_API_KEY ?? (await keyOf(home));
  const env = {
    ...temporal.env,
    ...database.env,
    ...(await provider.connect({ baseUrl: simulator.baseUrl, gatewayUrl })),
  };
  const workerReady = children.start(
    { name: 'The worker', logFile: logOf('worker'), rank: RANK.ringfence },
    () => startWorker({ logFile: logOf('worker'), giveUp, env }),
    (child) => child,
  );
  // A later await meets its failure. Until then it must not count as an unhandled rejection.
  workerReady.catch(() => {});
  const gateway = await children.start(
    { name: 'The gateway', logFile: logOf('gateway'), rank: RANK.ringfence },
    () => {
      const start = (port: number) =>
        startGateway({ logFile: logOf('gateway'), giveUp, port, env: { ...env, RINGFENCE_API_KEY: key } });
      // The port was free some seconds ago; where it is no longer, any other will do.
      return start(gatewayPort).catch(async (error: Error) => {
        if (!error.message.includes('is in use')) throw error;
        const other = await nearPort(ports.gateway);
        await provider.connect({ baseUrl: simulator.baseUrl, gatewayUrl: localUrl(other) });
        return start(other);
      });
    },
    (child) => child,
  );
  if (gateway.url !== gatewayUrl) await announce(gateway.url, { provider, simulator, workerReady });
  say(`Gateway     ${gateway.url}${elsewhere(gateway.url, ports.gateway)}`);
  await keepPorts(home, ports, {
    gateway: gateway.url,
    simulator: simulator.baseUrl,
    ...(temporal.child === null ? {} : { temporal: temporal.env.TEMPORAL_ADDRESS, webUi: temporal.webUi ?? '' }),
    ...(database.child === null ? {} : { postgres: database.env.DATABASE_URL }),
  });
  const api = { baseUrl: gateway.url + API_ROOT, apiKey: key };
  return {
    api,
    ringfence: new Ringfence(api),
    gatewayUrl: gateway.url,
    ledgerUrl: `${simulator.controlUrl}/ledger`,
    webUi: temporal.webUi,
    namespace: temporal.namespace,
    temporalEnv: temporal.env,
    workerReady,
    gateway,
    simulator,
    temporal: temporal.child,
    workerEnv: env,
  };
}

/** One key for all starts on a home, so that a request copied from one of them works in the next. */
async function keyOf(home: string): Promise<string> {
  const file = join(home, 'api-key');
  const known = await readFile(file, 'utf8').catch(() => null);
  if (known?.trim()) return known.trim();
  const key = `rf_${randomSecret()}`;
  await writeFile(file, `${key}\n`, { mode: 0o600 });
  return key;
}

/** Tells those of another address of the gateway who were started with the one that it could not have. */
async function announce(
  gatewayUrl: string,
  {
    provider,
    simulator,
    workerReady,
  }: {
    readonly provider: SimulatedProvider;
    readonly simulator: SimulatorProcess;
    readonly workerReady: Promise<Child>;
  },
): Promise<void> {
  const webhook = provider.webhookTo(gatewayUrl);
  if (webhook) await tellProvider(simulator, webhook);
  // Each call names the address: the worker reads the connections file again.
  else process.kill((await workerReady).pid, 'SIGHUP');
}

function localUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function randomSecret(): string {
  return randomBytes(24).toString('base64url');
}
