/** The three processes of Ringfence, each started from its main file and waited for. */
import { fileURLToPath } from 'node:url';
import { type Child, startChild } from '../child.ts';
import type { CarrierName } from '../../simulator/faults.ts';
import type { WebhookTarget } from '../../simulator/options.ts';
import { compiledMain } from './compiled-main.ts';
import { waitUntilReady } from '../wait-until-ready.ts';
import { endOf, findReadyLine, type ReadyLine } from './ready-line.ts';

export type Environment = Readonly<Record<string, string>>;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The first worker after a change builds its workflow, which takes seconds, and much longer on a busy machine. */
const START_TIMEOUT_MS = 120_000;
const PROBE_TIMEOUT_MS = 2_000;

export interface SimulatorProcess extends Child {
  /** Root of the calls API, as the adapter wants it. */
  readonly baseUrl: string;
  /** Root of what belongs to the simulator and not to a provider: `/ledger`, `/faults`, `/webhook`. */
  readonly controlUrl: string;
}

interface StartingOptions {
  /** The process's output is appended to it. */
  readonly logFile: string;
  /** Ends a process that is not ready yet. */
  readonly giveUp?: AbortSignal;
}

interface SimulatorStart extends StartingOptions {
  /** Default: truedy. */
  readonly carrier?: CarrierName;
  readonly port: number;
  readonly seed: string;
  readonly timeScale: number;
  readonly apiKey: string;
  /** Where events go. Default: nowhere, or where each call says. */
  readonly webhook?: WebhookTarget | undefined;
  /** A fault plan. Default: none. */
  readonly faults?: unknown;
}

export async function startSimulator(options: SimulatorStart): Promise<SimulatorProcess> {
  const { child, line } = await startMain('The simulated provider', 'simulator/main.ts', {
    ...options,
    env: {
      SIMULATOR_HOST: '127.0.0.1',
      SIMULATOR_PORT: String(options.port),
      SIMULATOR_CARRIER: options.carrier ?? 'truedy',
      SIMULATOR_SEED: options.seed,
      SIMULATOR_TIME_SCALE: String(options.timeScale),
      SIMULATOR_API_KEY: options.apiKey,
      ...(options.webhook === undefined
        ? {}
        : { SIMULATOR_WEBHOOK_URL: options.webhook.url, SIMULATOR_WEBHOOK_SECRET: options.webhook.secret }),
      SIMULATOR_FAULTS: JSON.stringify(options.faults ?? {}),
    },
  });
  return { ...child, baseUrl: String(line.base_url), controlUrl: String(line.control_url) };
}

/** Where the simulated provider reports to from now on; what has not been taken in yet goes there as well. */
export async function tellProvider({ controlUrl }: SimulatorProcess, webhook: WebhookTarget): Promise<void> {
  const { status } = await fetch(`${controlUrl}/webhook`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(webhook),
  });
  if (status !== 204) throw new Error(`The simulated provider refused the address of the gateway (${status}).`);
}

export async function startWorker(options: StartingOptions & { readonly env: Environment }): Promise<Child> {
  const { child } = await startMain('The worker', 'worker/main.ts', {
    ...options,
    env: { ...options.env, RINGFENCE_HEALTH_HOST: '127.0.0.1', RINGFENCE_HEALTH_PORT: '0' },
    readyz: ({ health }) => `http://127.0.0.1:${String(health)}/readyz`,
  });
  return child;
}

export interface GatewayProcess extends Child {
  readonly url: string;
}

export async function startGateway(
  options: StartingOptions & { readonly env: Environment; readonly port: number },
): Promise<GatewayProcess> {
  const { child, line } = await startMain('The gateway', 'gateway/main.ts', {
    ...options,
    env: { ...options.env, RINGFENCE_HOST: '127.0.0.1', RINGFENCE_PORT: String(options.port) },
    readyz: ({ address }) => `${String(address)}/readyz`,
  });
  return { ...child, url: String(line.address) };
}

interface Main extends StartingOptions {
  readonly env: Environment;
  /** Where the process answers whether it can work; without it, its ready line will do. */
  readonly readyz?: (line: ReadyLine) => string;
}

async function startMain(name: string, file: string, main: Main): Promise<{ child: Child; line: ReadyLine }> {
  const { logFile, env, readyz, giveUp } = main;
  const from = await endOf(logFile);
  const child = await startChild({
    command: process.execPath,
    args: [await compiledMain(file)],
    cwd: ROOT,
    logFile,
    env,
  });
  const stop = () => void child.stop();
  giveUp?.addEventListener('abort', stop);
  if (giveUp?.aborted) stop();
  let line: ReadyLine = {};
  try {
    await waitUntilReady(name, child, {
      logFile,
      timeoutMs: START_TIMEOUT_MS,
      probe: async () => {
        line = await findReadyLine(logFile, from);
        if (readyz) await expectOk(readyz(line));
      },
    });
  } finally {
    giveUp?.removeEventListener('abort', stop);
  }
  return { child, line };
}

async function expectOk(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
}
