/** Campaigns over real activities and a real database on any Temporal server, with a provider that follows a script. */
import type { Client, WorkflowHandleWithSignaledRunId } from '@temporalio/client';
import { type NativeConnection, Worker } from '@temporalio/worker';
import type { Activities } from '../../../activities/index.ts';
import { workflowStarter } from '../../../gateway/temporal/start-workflow.ts';
import { withContactId } from '../../../db/campaigns.ts';
import { inTransaction } from '../../../db/pool.ts';
import { addContacts } from '../../../db/roster-changes.ts';
import { type DatabaseClock, readDatabaseClock } from '../../../db/clock.ts';
import {
  campaignTerms,
  CreateCampaign,
  type CreateCampaignInput,
  engineSpec,
} from '../../../domain/api/campaign-request.ts';
import type { EngineSpec } from '../../../domain/engine/campaign-spec.ts';
import { contactFrom } from '../../../domain/contacts/contact.ts';
import { workflowId } from '../../../domain/engine/ids.ts';
import { campaignIdOf, createCampaign } from '../../../gateway/routes/create-campaign.ts';
import { pacingFacts } from '../../../worker/facts.ts';
import { campaignWorkerOptions, dialWorkerOptions, type WorkerSetting } from '../../../worker/options.ts';
import { type WorkflowBundle, workflowBundle } from '../../../worker/workflow-bundle.ts';
import type { CampaignInput, CampaignProgress, CampaignResult } from '../../../workflows/messages.ts';
import { callEventsSignal, contactsChangedSignal, progressQuery } from '../../../workflows/messages.ts';
import { OpenConnections } from '../../../providers/connections/open-connections.ts';
import type { ProviderFacts } from '../../../providers/port.ts';
import './temporal-runtime.ts';
import type { TestDatabase } from './database.ts';
import { fictitiousPerson } from '../factories/people.ts';
import { zoneAtNoon } from '../factories/zone-at-noon.ts';
import { nextId } from '../factories/ids.ts';
import { ScriptedProvider } from '../fakes/scripted-provider.ts';
import { limitedConnection, type StatedLimits, connectionsTo } from '../factories/connections.ts';

/** Stands in histories in place of this machine's name. */
const IDENTITY = 'harness';

let bundle: Promise<WorkflowBundle> | undefined;

export interface WorkflowHarnessOptions {
  readonly client: Client;
  readonly connection: NativeConnection;
  readonly database: TestDatabase;
  readonly taskQueue: string;
  /** The time inside activities. Default: the machine's clock. */
  readonly now?: () => number;
  /** The time in the database. Default: its clock. */
  readonly databaseClock?: DatabaseClock;
  /** The server's clock. Default: the machine's. */
  readonly time?: () => Promise<number>;
  readonly facts?: Partial<ProviderFacts>;
  readonly graceMs?: number;
  /** Of the connection. Default: none that a test could meet. */
  readonly limits?: StatedLimits;
  /** Whether the provider cancels calls in its queue. */
  readonly cancels?: boolean;
  readonly searchAttributes?: boolean;
  /** With 0, every task of a workflow replays its history, as after a restart of its worker. */
  readonly maxCachedWorkflows?: number;
  /** Activities that fail for a reason which nothing here can bring about, in place of the real ones. */
  readonly failing?: (real: Activities) => Partial<Activities>;
}

export type CampaignHandle = Omit<
  WorkflowHandleWithSignaledRunId<(input: CampaignInput) => Promise<CampaignResult>>,
  'signaledRunId'
>;

export class WorkflowHarness {
  readonly provider: ScriptedProvider;
  readonly #options: WorkflowHarnessOptions;
  readonly #now: () => number;
  #campaigns: RunningWorker | null = null;
  #dials: RunningWorker | null = null;

  private constructor(options: WorkflowHarnessOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.provider = new ScriptedProvider(options.database.pool, this.#now, options.facts, options.cancels);
  }

  static async open(options: WorkflowHarnessOptions): Promise<WorkflowHarness> {
    const harness = new WorkflowHarness(options);
    await harness.startWorkers();
    return harness;
  }

  get client(): Client {
    return this.#options.client;
  }

  get taskQueue(): string {
    return this.#options.taskQueue;
  }

  /** What time it is on the server. */
  time(): Promise<number> {
    return this.#options.time?.() ?? Promise.resolve(Date.now());
  }

  get pool() {
    return this.#options.database.pool;
  }

  async startWorkers(): Promise<void> {
    bundle ??= workflowBundle();
    const options = campaignWorkerOptions(this.#setting(), await bundle);
    const { maxCachedWorkflows, failing } = this.#options;
    const activities = { ...options.activities, ...failing?.(options.activities as Activities) };
    const cache = maxCachedWorkflows === undefined ? {} : { maxCachedWorkflows };
    // In its own thread, as in a real worker, the sandbox of workflows takes a quarter of a second to start; whole systems have it.
    const inThisThread = { debugMode: true };
    this.#campaigns = running(
      await Worker.create({ ...options, ...cache, ...inThisThread, activities, identity: IDENTITY }),
    );
    await this.startDials();
  }

  async startDials(): Promise<void> {
    const options = dialWorkerOptions(this.#setting(), this.provider.name);
    this.#dials = running(await Worker.create({ ...options, identity: IDENTITY }));
  }

  /** From here on placements stay in their queue. */
  async stopDials(): Promise<void> {
    await this.#dials?.stop();
    this.#dials = null;
  }

  async stopWorkers(): Promise<void> {
    await Promise.all([this.#campaigns?.stop(), this.stopDials()]);
    this.#campaigns = null;
  }

  /**
   * Records a campaign of so many people and starts its workflow. Default hours: around the clock, in a zone where it is about
   * noon, so that no test meets an unintended change of the day.
   */
  async start(people: number, terms: CreateCampaignInput | object = {}): Promise<Campaign> {
    const { taskQueue } = this.#options;
    const request = CreateCampaign.parse({
      name: 'Appointments',
      agent_id: 'agent-1',
      contacts: Array.from({ length: people }, (_, index) => fictitiousPerson(index)),
      working_days: [1, 2, 3, 4, 5, 6, 7],
      timezone: zoneAtNoon(await this.time()),
      ...terms,
    });
    const { id } = await createCampaign(
      { pool: this.pool, now: 0, connections: connectionsTo(this.provider) },
      'default',
      request,
      { id: campaignIdOf('default', nextId(taskQueue)) },
    );
    return this.run(id, engineSpec(campaignTerms(request, this.provider.name)));
  }

  /** Starts the workflow of a campaign that is recorded already. */
  async run(id: string, spec: EngineSpec): Promise<Campaign> {
    await workflowStarter(this.client, { taskQueue: this.#options.taskQueue })(id, spec);
    return new Campaign(id, this, spec);
  }

  async close(): Promise<void> {
    await this.stopWorkers();
    await this.#options.database.drop();
  }

  #setting(): WorkerSetting {
    const { connection, taskQueue, graceMs = 60_000, limits, searchAttributes = false } = this.#options;
    const limited = limitedConnection(this.provider, limits);
    return {
      connection,
      namespace: 'default',
      taskQueue,
      deps: {
        pool: this.pool,
        connections: new OpenConnections([limited]),
        factsOf: () => pacingFacts(this.provider, { ...limited, graceMs, searchAttributes }),
        now: this.#now,
        databaseClock: this.#options.databaseClock ?? readDatabaseClock,
      },
      maxDials: 50,
    };
  }
}

interface RunningWorker {
  stop(): Promise<void>;
}

function running(worker: Worker): RunningWorker {
  const run = worker.run();
  return {
    stop() {
      worker.shutdown();
      return run;
    },
  };
}

/**
 * The server that skips time can lose a query that comes while a workflow task completes: it would be answered with the next task,
 * which may be hours away. A loaded machine answers others well within this time.
 */
const QUERY_WITHIN_MS = 10_000;

/** One campaign on the harness. */
export class Campaign {
  readonly handle: CampaignHandle;

  constructor(
    readonly id: string,
    readonly harness: WorkflowHarness,
    /** As it was started. */
    readonly spec: EngineSpec,
  ) {
    this.handle = harness.client.workflow.getHandle<(input: CampaignInput) => Promise<CampaignResult>>(workflowId(id));
  }

  callId(seq: number, attempt = 1): string {
    return `${this.id}.${seq}.${attempt}`;
  }

  /** Fails where the server does not answer, so that a wait for a condition asks again. */
  progress(): Promise<CampaignProgress> {
    const deadline = Date.now() + QUERY_WITHIN_MS;
    return this.harness.client.withDeadline(deadline, () => this.handle.query(progressQuery));
  }

  /** Adds a contact, as the gateway does. */
  async add(index: number): Promise<void> {
    const person = withContactId(contactFrom(fictitiousPerson(index), null));
    const { pool } = this.harness;
    await inTransaction(pool, (tx) =>
      addContacts(tx, { account: 'default', id: this.id }, { stored: [], stated: [person] }, (people) => people),
    );
    await this.handle.signal(contactsChangedSignal);
  }

  /** Ends calls at the provider and tells the campaign in one signal. */
  async end(callIds: readonly string[], outcome: Parameters<ScriptedProvider['end']>[1] = 'completed'): Promise<void> {
    await this.handle.signal(
      callEventsSignal,
      callIds.map((callId) => this.harness.provider.end(callId, outcome)),
    );
  }
}
