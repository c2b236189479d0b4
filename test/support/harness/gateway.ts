/** A gateway without a port, on a real database and a fake Temporal, for tests that need no workflow. */
import type { FastifyInstance, InjectOptions } from 'fastify';
import { pino } from 'pino';
import { EventDelivery } from '../../../gateway/temporal/event-delivery.ts';
import { addApiKey, hashKey, type Scope } from '../../../db/api-keys.ts';
import { API_ROOT } from '../../../domain/api/api-root.ts';
import { buildGateway, type GatewayDeps } from '../../../gateway/app.ts';
import { createTruedyProvider } from '../../../providers/truedy/truedy.ts';
import { TruedyConfig } from '../../../providers/truedy/config.ts';
import { FakeTemporal, refuse } from '../fakes/fake-temporal.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { connectionsTo } from '../factories/connections.ts';

export const WEBHOOK_SECRET = 'whsec_test';
/** Accounts of the keys that every test gateway knows. */
export const KEYS = {
  write: 'write-key-of-acme-1',
  read: 'read-key-of-acme-12',
  other: 'write-key-of-other-1',
} as const;

export interface TestGateway {
  readonly app: FastifyInstance;
  readonly db: TestDatabase;
  readonly temporal: FakeTemporal;
  /** Every line that was logged. */
  readonly log: string[];
  /** Sends a request below the API's root. Default: with the write key. */
  send(request: ApiCall): Promise<ApiReply>;
  close(): Promise<void>;
}

export interface ApiCall {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
}

export interface ApiReply {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
  readonly body: ApiBody;
}

/** What answers may hold. A test that reads a part states by its expectation that it is there. */
export interface ApiBody {
  readonly data: Fields;
  /** The same data where it is a list. */
  readonly items: readonly Fields[];
  readonly pagination: unknown;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details: Readonly<Record<string, unknown>>;
  };
  readonly meta: unknown;
}

interface Fields {
  readonly id: string;
  readonly [field: string]: unknown;
}

/** @param given another gateway's database. Default: a new one. */
export async function openGateway(deps: Partial<GatewayDeps> = {}, given?: TestDatabase): Promise<TestGateway> {
  const db = given ?? (await createTestDatabase());
  const add = (key: string, account: string, scope: Scope) =>
    addApiKey(db.pool, { account, name: account, scope, hash: hashKey(key) });
  await add(KEYS.write, 'acme', 'write');
  await add(KEYS.read, 'acme', 'read');
  await add(KEYS.other, 'other', 'write');

  const temporal = new FakeTemporal();
  const log: string[] = [];
  const provider = createTruedyProvider(
    TruedyConfig.parse({ baseUrl: 'http://127.0.0.1:9/', apiKey: 'unused', webhookSecrets: [WEBHOOK_SECRET] }),
  );
  const app = await buildGateway({
    pool: db.pool,
    connections: connectionsTo(provider),
    campaigns: { pause: refuse, resume: refuse, cancel: refuse, edit: refuse },
    startCampaign: temporal.start,
    restartWorkflow: refuse,
    readWorkflowStatus: refuse,
    wakeCoordinators: async () => {},
    recallCommand: async () => null,
    notify: temporal.notify,
    delivery: new EventDelivery(temporal.signal),
    pingTemporal: async () => (temporal.away ? refuse() : undefined),
    logger: pino({ level: 'info' }, { write: (line: string) => void log.push(line) }),
    clock: Date.now,
    ...deps,
  });
  return {
    app,
    db,
    temporal,
    log,
    async send({ method = 'GET', path, body: payload, key = KEYS.write, headers }) {
      const request: InjectOptions = {
        method,
        url: API_ROOT + path,
        headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...headers },
      };
      if (payload !== undefined) request.payload = payload as NonNullable<InjectOptions['payload']>;
      const reply = await app.inject(request);
      const body = JSON.parse(reply.body) as ApiBody;
      const items = Array.isArray(body.data) ? (body.data as Fields[]) : [];
      return { status: reply.statusCode, headers: reply.headers, text: reply.body, body: { ...body, items } };
    },
    async close() {
      await app.close();
      await provider.close();
      await db.drop();
    },
  };
}
