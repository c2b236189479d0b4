/** A whole system for one test: its own database, task queue, simulator and workers, on the run's Temporal server. */
import type { Client } from '@temporalio/client';
import { connectTemporal } from '../../../client/temporal/connection.ts';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { NativeConnection, Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import type { z } from 'zod';
import type { CampaignControl } from '../../../client/campaign-control.ts';
import { controlOverTemporal } from '../../../client/temporal/control-over-temporal.ts';
import { type CampaignEditing, editOverTemporal } from '../../../client/temporal/edit-over-temporal.ts';
import { EventDelivery, eventSignaller } from '../../../gateway/temporal/event-delivery.ts';
import { commandRecaller } from '../../../gateway/temporal/recall-command.ts';
import { campaignNotifier } from '../../../gateway/temporal/notify-campaign.ts';
import { workflowRestarter, workflowStarter } from '../../../gateway/temporal/start-workflow.ts';
import { coordinatorWaker } from '../../../gateway/temporal/wake-coordinators.ts';
import { readWorkflowStatus } from '../../../gateway/temporal/workflow-status.ts';
import { campaignTerms, CreateCampaign, engineSpec } from '../../../domain/api/campaign-request.ts';
import { workflowId } from '../../../domain/engine/ids.ts';
import { readDatabaseClock } from '../../../db/clock.ts';
import { addApiKey, hashKey } from '../../../db/api-keys.ts';
import { markWorkflowStarted } from '../../../db/campaigns.ts';
import { buildGateway } from '../../../gateway/app.ts';
import { createCampaign } from '../../../gateway/routes/create-campaign.ts';
import { type OpenConnection, OpenConnections } from '../../../providers/connections/open-connections.ts';
import type { CallProvider } from '../../../providers/port.ts';
import { createTruedyProvider } from '../../../providers/truedy/truedy.ts';
import { TruedyConfig } from '../../../providers/truedy/config.ts';
import type { SimulatorOptions } from '../../../simulator/options.ts';
import { createSimulator, type Simulator } from '../../../simulator/simulator.ts';
import { pacingFacts } from '../../../worker/facts.ts';
import { campaignWorkerOptions, dialWorkerOptions } from '../../../worker/options.ts';
import { type WorkflowBundle, workflowBundle } from '../../../worker/workflow-bundle.ts';
import { type CampaignInput, type CampaignResult } from '../../../workflows/messages.ts';
import './temporal-runtime.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { fictitiousNumber } from '../factories/people.ts';
import { zoneAtNoon } from '../factories/zone-at-noon.ts';
import { nextTaskQueue } from '../factories/ids.ts';
import { limitedConnection, type StatedLimits, connectionsTo, TRUEDY_ALONE } from '../factories/connections.ts';

let bundle: Promise<WorkflowBundle> | undefined;
const KEY = 'harness-key';
export const HARNESS_WEBHOOK_SECRET = 'whsec_harness';
export const HARNESS_API_KEY = 'harness-write-key-1';

export interface SystemHarnessOptions {
  readonly simulator?: z.input<typeof SimulatorOptions>;
  readonly provider?: Partial<z.input<typeof TruedyConfig>>;
  /** The adapter of another carrier, for the simulator at this address. Default: Truedy's, with `provider`. */
  readonly adapter?: (baseUrl: string, apiKey: string) => CallProvider;
  readonly graceMs?: number;
  /** Of the connection. Default: no limit. */
  readonly limits?: StatedLimits;
}

/** A system that runs until `close`. Calls cost real HTTP; nothing here fakes what the engine relies on. */
export class SystemHarness {
  private workers: Worker[] = [];
  private running: Promise<unknown>[] = [];
  private gateway: FastifyInstance | undefined;
  private second: NativeConnection | undefined;
  /** Where the gateway listens. */
  apiUrl = '';
  /** What the gateway has logged as a warning. */
  readonly gatewayWarnings: Record<string, unknown>[] = [];

  private constructor(
    readonly db: TestDatabase,
    readonly simulator: Simulator,
    readonly client: Client,
    readonly taskQueue: string,
    private readonly connection: NativeConnection,
    private readonly baseUrl: string,
    private readonly options: SystemHarnessOptions,
  ) {}

  static async start(options: SystemHarnessOptions = {}): Promise<SystemHarness> {
    const address = inject('temporalAddress');
    const simulator = createSimulator({ apiKey: KEY, ...options.simulator });
    const harness = new SystemHarness(
      await createTestDatabase(),
      simulator,
      await connectTemporal({ env: { TEMPORAL_ADDRESS: address } }),
      nextTaskQueue(),
      await NativeConnection.connect({ address }),
      await simulator.listen(),
      options,
    );
    await harness.startWorkers();
    await harness.startGateway();
    return harness;
  }

  provider(): CallProvider {
    const { adapter } = this.options;
    if (adapter) return adapter(this.baseUrl, KEY);
    return createTruedyProvider(
      TruedyConfig.parse({
        baseUrl: this.baseUrl,
        apiKey: KEY,
        webhookSecrets: [HARNESS_WEBHOOK_SECRET],
        queueBoundMs: 0,
        ...this.options.provider,
      }),
    );
  }

  /** Starts another worker beside the first. It needs another Temporal connection. */
  async startSecondWorker(): Promise<void> {
    this.second = await NativeConnection.connect({ address: inject('temporalAddress') });
    await this.startWorkers(this.second);
  }

  async startWorkers(connection = this.connection): Promise<void> {
    bundle ??= workflowBundle();
    const { limits, graceMs = 5_000 } = this.options;
    const provider = this.provider();
    const limited = limitedConnection(provider, limits);
    const setting = {
      connection,
      namespace: 'default',
      taskQueue: this.taskQueue,
      deps: {
        pool: this.db.pool,
        connections: new OpenConnections([limited]),
        factsOf: () => pacingFacts(provider, { ...limited, graceMs, searchAttributes: true }),
        now: Date.now,
        databaseClock: readDatabaseClock,
      },
      maxDials: 100,
    };
    const workers = [
      await Worker.create(campaignWorkerOptions(setting, await bundle)),
      await Worker.create(dialWorkerOptions(setting, provider.name)),
    ];
    this.workers.push(...workers);
    this.running.push(Promise.all(workers.map((worker) => worker.run())).then(() => provider.close()));
  }

  /** The real gateway on a separate port. The simulator reports to it unless the options say otherwise. */
  async startGateway(): Promise<void> {
    const { pool } = this.db;
    await addApiKey(pool, { account: 'default', name: 'harness', scope: 'write', hash: hashKey(HARNESS_API_KEY) });
    const provider = this.provider();
    this.gateway = await buildGateway({
      pool,
      connections: connectionsTo(provider),
      campaigns: this.campaigns,
      startCampaign: workflowStarter(this.client, { taskQueue: this.taskQueue }),
      restartWorkflow: workflowRestarter(this.client, { taskQueue: this.taskQueue }),
      readWorkflowStatus: (campaignId) => readWorkflowStatus(this.client, campaignId),
      wakeCoordinators: coordinatorWaker(this.client, this),
      recallCommand: commandRecaller(this.client),
      notify: campaignNotifier(this.client),
      delivery: new EventDelivery(eventSignaller(this.client)),
      pingTemporal: () => this.client.workflowService.getSystemInfo({}),
      logger: pino(
        { level: 'warn' },
        { write: (line: string) => void this.gatewayWarnings.push(JSON.parse(line) as never) },
      ),
      clock: Date.now,
    });
    this.gateway.addHook('onClose', () => provider.close());
    this.apiUrl = await this.gateway.listen({ host: '127.0.0.1', port: 0 });
    if (this.options.simulator?.webhook !== null) {
      this.simulator.setWebhook({ url: `${this.apiUrl}/webhooks/truedy`, secret: HARNESS_WEBHOOK_SECRET });
    }
  }

  /** A request to the gateway, with a key that may write. */
  async api(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<{ status: number; data: unknown }> {
    const reply = await fetch(`${this.apiUrl}/api/public/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${HARNESS_API_KEY}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await reply.json()) as { data?: unknown; error?: unknown };
    return { status: reply.status, data: answer.data ?? answer.error };
  }

  /** Commands and progress, through Temporal. */
  get campaigns(): CampaignControl & CampaignEditing {
    return { ...controlOverTemporal(this.client), ...editOverTemporal(this.client) };
  }

  /** The calls of one campaign in the provider's ledger. */
  callsOf(campaignId: string) {
    return this.simulator.ledger().calls.filter((call) => call.key?.startsWith(`${campaignId}.`));
  }

  async stopWorkers(): Promise<void> {
    for (const worker of this.workers) worker.shutdown();
    await Promise.all(this.running);
    this.workers = [];
    this.running = [];
  }

  /**
   * Records a campaign of this many people with numbers that nobody has, and starts its workflow. Default hours: around the clock,
   * in a zone where it is about noon.
   */
  async startCampaign(people: number, stated: Partial<z.input<typeof CreateCampaign>> = {}): Promise<string> {
    const request = CreateCampaign.parse({
      name: 'Test campaign',
      agent_id: 'agent-1',
      contact_source: 'manual',
      contacts: Array.from({ length: people }, (_, index) => ({
        phone_number: fictitiousNumber(index),
        first_name: `Person${index}`,
      })),
      working_days: [1, 2, 3, 4, 5, 6, 7],
      timezone: zoneAtNoon(Date.now()),
      ...stated,
    });
    const connections = this.options.adapter ? connectionsTo(this.provider()) : TRUEDY_ALONE;
    const [{ connection }] = connections.all() as [OpenConnection];
    const { id } = await createCampaign({ pool: this.db.pool, now: Date.now(), connections }, 'default', request);
    const terms = campaignTerms(request, connection.name);
    await workflowStarter(this.client, { taskQueue: this.taskQueue })(id, engineSpec(terms));
    await markWorkflowStarted(this.db.pool, id);
    return id;
  }

  handle(campaignId: string) {
    return this.client.workflow.getHandle<(input: CampaignInput) => Promise<CampaignResult>>(workflowId(campaignId));
  }

  result(campaignId: string): Promise<CampaignResult> {
    return this.handle(campaignId).result();
  }

  async close(): Promise<void> {
    await this.stopWorkers();
    await this.gateway?.close();
    await this.simulator.close();
    await this.connection.close();
    await this.second?.close();
    await this.client.connection.close();
    await this.db.drop();
  }
}
