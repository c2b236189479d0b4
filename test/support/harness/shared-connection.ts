/** Two workers and two gateways as processes, which a test kills and freezes, on one connection whose limit it edits. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { inject, vi } from 'vitest';
import { Ringfence } from '../../../client/index.ts';
import { connectTemporal } from '../../../client/temporal/connection.ts';
import { API_ROOT } from '../../../domain/api/api-root.ts';
import { connectionWorkflowId, parseCallId } from '../../../domain/engine/ids.ts';
import type { Child } from '../../../scripts/child.ts';
import { type GatewayProcess, startGateway, startWorker } from '../../../scripts/start/processes.ts';
import { createSimulator, type Simulator } from '../../../simulator/simulator.ts';
import { nextTaskQueue } from '../factories/ids.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

const KEY = 'write-key-of-the-test';
const SECRET = 'whsec_shared';
const CONNECTION = 'shared';
/** Calls last from half of the longest to the longest, by the last digit of the number. */
const rules = (longestMs: number) =>
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => ({
    match: { phone_suffix: String(digit) },
    fault: {
      kind: 'life' as const,
      outcome: 'completed' as const,
      queue_ms: 0,
      ring_ms: 0,
      talk_ms: Math.round((longestMs / 2) * (1 + digit / 9)),
    },
  }));

type Part = 0 | 1;

export class SharedConnectionHarness {
  readonly #workers: (Child | null)[] = [null, null];
  readonly #gateways: (GatewayProcess | null)[] = [null, null];
  readonly #frozen = new Set<Child>();
  #receiver: Part = 0;

  private constructor(
    readonly directory: string,
    readonly db: TestDatabase,
    readonly simulator: Simulator,
    readonly client: Client,
    private readonly env: Readonly<Record<string, string>>,
    private readonly baseUrl: string,
  ) {}

  static async start(limit: number, longestCallMs: number): Promise<SharedConnectionHarness> {
    const directory = await mkdtemp(join(tmpdir(), 'ringfence-shared-'));
    const simulator = createSimulator({
      timeScale: 1,
      faults: { rules: rules(longestCallMs) },
      delivery: { retryMaxMs: 1_000, tries: 1_000, timeoutMs: 2_000 },
    });
    const address = inject('temporalAddress');
    const db = await createTestDatabase();
    const env = {
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: 'default',
      DATABASE_URL: db.url,
      RINGFENCE_TASK_QUEUE: nextTaskQueue(),
      RINGFENCE_API_KEY: KEY,
      RINGFENCE_CONNECTIONS: join(directory, 'connections.yaml'),
      SHARED_SECRET: SECRET,
      SHARED_KEY: 'simulator-key',
    };
    const client = await connectTemporal({ env: { TEMPORAL_ADDRESS: address } });
    const harness = new SharedConnectionHarness(directory, db, simulator, client, env, await simulator.listen());
    await harness.#write(limit);
    try {
      await Promise.all(([0, 1] as const).flatMap((part) => [harness.startWorker(part), harness.startGateway(part)]));
      harness.receiveAt(0);
      return harness;
    } catch (error) {
      await harness.close();
      throw error;
    }
  }

  get coordinator() {
    return this.client.workflow.getHandle(connectionWorkflowId(CONNECTION, this.env.RINGFENCE_TASK_QUEUE!));
  }

  /** Through the gateway that receives the webhooks. */
  get ringfence(): Ringfence {
    return new Ringfence({ baseUrl: this.#gateways[this.#receiver]!.url + API_ROOT, apiKey: KEY });
  }

  async startWorker(part: Part): Promise<void> {
    this.#workers[part] = await startWorker({ logFile: join(this.directory, `worker-${part}.log`), env: this.env });
  }

  async startGateway(part: Part): Promise<void> {
    const logFile = join(this.directory, `gateway-${part}.log`);
    this.#gateways[part] = await startGateway({ logFile, env: this.env, port: 0 });
  }

  /** Webhooks go to this gateway from now on, those that were not taken in yet included. */
  receiveAt(part: Part): void {
    this.#receiver = part;
    this.simulator.setWebhook({ url: `${this.#gateways[part]!.url}/webhooks/${CONNECTION}`, secret: SECRET });
  }

  worker(part: Part): Child {
    return this.#workers[part]!;
  }

  gateway(part: Part): Child {
    return this.#gateways[part]!;
  }

  /** Stops a process without ending it, as a stalled machine does. Returns a function that lets it go on. */
  freeze(child: Child): () => void {
    process.kill(child.pid, 'SIGSTOP');
    this.#frozen.add(child);
    return () => {
      process.kill(child.pid, 'SIGCONT');
      this.#frozen.delete(child);
    };
  }

  /** Edits the file, and has both workers read it. */
  async setLimit(limit: number): Promise<void> {
    await this.#write(limit);
    for (const worker of this.#workers) process.kill(worker!.pid, 'SIGHUP');
  }

  /** Resolves when campaigns may have no more calls in flight together than the limit, or none, and know it. */
  async untilTold(limit: number): Promise<void> {
    await vi.waitFor(
      async () => {
        const { rows } = await this.db.pool.query<{ sum: number; told: boolean; loaded: number | null }>(
          `select sum(share)::int as sum, bool_and(told >= revision) as told,
                  (select case when count(distinct max_concurrent_calls) = 1 then max(max_concurrent_calls) end from connection_loads) as loaded
             from connection_shares`,
        );
        const [standing] = rows;
        if (!standing?.told || standing.sum > limit || standing.loaded !== limit) throw new Error('not told yet');
      },
      { interval: 20 },
    );
  }

  /** Resolves when so many more calls were accepted. */
  async untilCalls(more: number, timeout = 90_000): Promise<void> {
    const { accepted } = this.simulator.summary();
    await vi.waitFor(
      () => {
        if (this.simulator.summary().accepted < accepted + more)
          throw new Error(`calls stand still: ${JSON.stringify(this.simulator.summary())}`);
      },
      { timeout, interval: 50 },
    );
  }

  /** The provider's calls of one campaign. */
  callsOf(campaignId: string) {
    return this.simulator.ledger().calls.filter(({ key }) => parseCallId(key ?? '')?.campaignId === campaignId);
  }

  async close(): Promise<void> {
    for (const child of this.#frozen) process.kill(child.pid, 'SIGCONT');
    await Promise.all([...this.#workers, ...this.#gateways].flatMap((child) => (child ? [child.stop()] : [])));
    await this.simulator.close();
    await this.client.connection.close();
    await this.db.drop();
    await rm(this.directory, { recursive: true, force: true });
  }

  #write(limit: number): Promise<void> {
    const text = `connections:
  ${CONNECTION}:
    provider: truedy
    base_url: ${this.baseUrl}
    api_key: env:SHARED_KEY
    webhook_secrets: env:SHARED_SECRET
    countries: [US]
    number_types: [mobile, fixed_line]
    max_concurrent_calls: ${limit}
    look_up_after_seconds: 10
    queue_bound_seconds: 0
    request_timeout_seconds: 5
`;
    return writeFile(this.env.RINGFENCE_CONNECTIONS!, text);
  }
}
