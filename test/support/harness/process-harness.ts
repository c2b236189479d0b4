/** Ringfence as it runs in earnest: each part a process that a test can kill, on the run's Temporal and PostgreSQL. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { inject } from 'vitest';
import { type Campaign, Ringfence, type RingfenceOptions } from '../../../client/index.ts';
import type { CreateCampaignInput } from '../../../domain/api/campaign-request.ts';
import { isOver } from '../../../domain/engine/commands.ts';
import { API_ROOT } from '../../../domain/api/api-root.ts';
import { type Child } from '../../../scripts/child.ts';
import { type Comparison } from '../../../scripts/start/comparison.ts';
import { compareWithLedger } from '../../../scripts/start/follow.ts';
import { type ProviderCall, readLedger } from '../../../scripts/start/ledger.ts';
import {
  type Environment,
  type GatewayProcess,
  type SimulatorProcess,
  startGateway,
  startSimulator,
  startWorker,
  tellProvider,
} from '../../../scripts/start/processes.ts';
import { demoMargins } from '../../../scripts/start/margins.ts';
import { truedyTerms } from '../../../scripts/start/provider-terms.ts';
import type { FaultPlan } from '../../../simulator/faults.ts';
import type { z } from 'zod';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { nextId, nextTaskQueue } from '../factories/ids.ts';

const KEY = 'write-key-of-the-test';
const PROVIDER = { apiKey: 'simulator-key', secret: 'whsec_test' };
const POLL_MS = 50;

export interface ProcessHarnessOptions {
  readonly timeScale: number;
  readonly faults?: z.input<typeof FaultPlan>;
}

export class ProcessHarness {
  #worker: Child | null = null;
  #gateway: GatewayProcess | null = null;

  private constructor(
    readonly directory: string,
    readonly db: TestDatabase,
    readonly simulator: SimulatorProcess,
    /** What the worker and the gateway run with; a backend that uses the client needs it as well. */
    readonly env: Environment,
  ) {}

  static async start({ timeScale, faults }: ProcessHarnessOptions): Promise<ProcessHarness> {
    const directory = await mkdtemp(join(tmpdir(), 'ringfence-system-'));
    const db = await createTestDatabase();
    const simulator = await startSimulator({
      logFile: join(directory, 'simulator.log'),
      port: 0,
      seed: '1',
      timeScale,
      apiKey: PROVIDER.apiKey,
      faults,
    });
    const env = {
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TEMPORAL_NAMESPACE: 'default',
      DATABASE_URL: db.url,
      RINGFENCE_TASK_QUEUE: nextTaskQueue(),
      RINGFENCE_API_KEY: KEY,
      ...truedyTerms(demoMargins(timeScale), { baseUrl: simulator.baseUrl, ...PROVIDER }),
    };
    const system = new ProcessHarness(directory, db, simulator, env);
    try {
      await Promise.all([system.startWorker(), system.startGateway()]);
      return system;
    } catch (error) {
      await system.close();
      throw error;
    }
  }

  get api(): Pick<RingfenceOptions, 'baseUrl' | 'apiKey'> {
    if (!this.#gateway) throw new Error('there is no gateway');
    return { baseUrl: this.#gateway.url + API_ROOT, apiKey: KEY };
  }

  get ringfence(): Ringfence {
    return new Ringfence(this.api);
  }

  get ledgerUrl(): string {
    return `${this.simulator.controlUrl}/ledger`;
  }

  async startWorker(): Promise<void> {
    this.#worker = await startWorker({ logFile: join(this.directory, 'worker.log'), env: this.env });
  }

  /** On any free port, of which the provider is told: events that were not taken in yet go there. */
  async startGateway(): Promise<void> {
    const logFile = join(this.directory, 'gateway.log');
    this.#gateway = await startGateway({ logFile, env: this.env, port: 0 });
    await this.sendWebhooksTo(`${this.#gateway.url}/webhooks/truedy`);
  }

  /** From now on, those of calls that were placed before included. */
  async sendWebhooksTo(url: string): Promise<void> {
    await tellProvider(this.simulator, { url, secret: PROVIDER.secret });
  }

  async killWorker(): Promise<void> {
    await this.#worker?.kill();
  }

  /** Asks the worker to leave, as a deploy does, and resolves with how it left. */
  async stopWorker(): Promise<string> {
    const worker = this.#worker;
    if (!worker) throw new Error('there is no worker');
    this.#worker = null;
    await worker.stop();
    return worker.exited;
  }

  /** Stops the worker's process without ending it, as a stalled machine does. It is no longer the system's to close. */
  freezeWorker(): { thaw(): void; kill(): Promise<void> } {
    const worker = this.#worker;
    if (!worker) throw new Error('there is no worker');
    this.#worker = null;
    process.kill(worker.pid, 'SIGSTOP');
    return { thaw: () => void process.kill(worker.pid, 'SIGCONT'), kill: () => worker.kill() };
  }

  async killGateway(): Promise<void> {
    await this.#gateway?.kill();
  }

  /** Creates a campaign of this many people with numbers that nobody has, open at any time. */
  async createCampaign(people: number, terms: Partial<CreateCampaignInput> = {}): Promise<string> {
    const body: CreateCampaignInput = {
      name: 'Survives',
      agent_id: 'agent-1',
      contacts: Array.from({ length: people }, (_, index) => ({
        phone_number: `+1415555${String(100 + index).padStart(4, '0')}`,
      })),
      working_days: [1, 2, 3, 4, 5, 6, 7],
      ...terms,
    };
    // A key and its account make the workflow's id, and tests in other processes count on the same Temporal server.
    const idempotencyKey = nextId(`create-${process.pid}`);
    return (await this.ringfence.campaigns.create(body, { idempotencyKey })).id;
  }

  /** Resolves with the campaign's calls at the provider, once they are as they should be. */
  async untilCalls(campaignId: string, enough: (calls: readonly ProviderCall[]) => boolean): Promise<ProviderCall[]> {
    for (;;) {
      const calls = await readLedger(this.ledgerUrl, campaignId);
      if (enough(calls)) return calls;
      await pause(POLL_MS);
    }
  }

  /** Resolves once the campaign has ended, with its record beside the provider's ledger. */
  async untilOver(campaignId: string): Promise<Comparison & { readonly campaign: Campaign }> {
    for (;;) {
      const campaign = await this.ringfence.campaigns.get(campaignId);
      if (isOver(campaign.status)) {
        return { campaign, ...(await compareWithLedger(this.ringfence, this.ledgerUrl, campaign)) };
      }
      await pause(POLL_MS);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#worker?.stop(), this.#gateway?.stop()]);
    await this.simulator.stop();
    await this.db.drop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
