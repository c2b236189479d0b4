/** Every example of the description of the API, sent as it stands there to a gateway with everything behind it. */
import { createHmac } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { coordinatorWaker } from '../../gateway/temporal/wake-coordinators.ts';
import { readWorkflowStatus } from '../../gateway/temporal/workflow-status.ts';
import { CALL_ID, CAMPAIGN_ID, CONTACT_ID, FOLDER_ID, PROVIDER_CALL_ID } from '../../gateway/openapi/example-values.ts';
import { DESCRIBED } from '../../gateway/openapi/document.ts';
import { reconcile } from '../../gateway/background/reconciler.ts';
import { type ApiOperation, describedOperations, faults } from '../support/probes/api-description.ts';
import { SystemHarness, HARNESS_API_KEY, HARNESS_WEBHOOK_SECRET } from '../support/harness/system-harness.ts';

/**
 * In an order in which each makes sense: what is created is read, then changed, then removed. The one campaign whose id
 * the examples name is that of `createCampaign`: its idempotency key makes the id.
 */
const STORY = [
  'getHealth',
  'getReadiness',
  'listConnections',
  'getConnection',
  'listFolders',
  'createFolder',
  'listContacts',
  'putContact',
  'importContacts',
  'addSuppression',
  'listSuppressions',
  'removeSuppression',
  'forecastNewCampaign',
  'createCampaign',
  'listCampaigns',
  'getCampaign',
  'listCampaignContacts',
  'receiveEvents',
  'explainContact',
  'listCallEvents',
  'forecastCampaign',
  'addCampaignContacts',
  'pauseCampaign',
  'callContactAt',
  'removeCampaignContact',
  'editCampaign',
  'resumeCampaign',
  'restartCampaign',
  'cancelCampaign',
  'deleteCampaign',
  'deleteFolder',
] as const;

let harness: SystemHarness;
let operations: ReadonlyMap<string, ApiOperation>;

beforeAll(async () => {
  // The provider knows another key: campaigns hold, so that none is over before it is paused, whatever time it is.
  harness = await SystemHarness.start({ provider: { apiKey: 'another-key' } });
  const document: unknown = await (await fetch(`${harness.apiUrl}/openapi.json`)).json();
  operations = new Map(describedOperations(document).map((operation) => [operation.operationId, operation]));
  await query(`insert into contact_folders (id, account, name) values ($1, 'default', 'Patients')`, [FOLDER_ID]);
  await query(`insert into contacts (id, folder_id, phone_number) values ($1, $2, '+12125550109')`, [
    CONTACT_ID,
    FOLDER_ID,
  ]);
});
afterAll(() => harness.close());

const query = (sql: string, values: unknown[]) => harness.db.pool.query(sql, values);

/** What has to be there for an example, and no request makes. */
const BEFORE: Readonly<Partial<Record<(typeof STORY)[number], () => Promise<unknown>>>> = {
  receiveEvents: async () => {
    await query('update campaign_contacts set contact_id = $2 where campaign_id = $1 and seq = 1', [
      CAMPAIGN_ID,
      CONTACT_ID,
    ]);
    await query('delete from calls where id = $1', [CALL_ID]);
    await query(
      `insert into calls (id, campaign_id, seq, attempt, connection, request, first_sent_at, provider_call_id, settled_at)
       values ($1, $2, 1, 1, 'truedy', '', now(), $3, now())`,
      [CALL_ID, CAMPAIGN_ID, PROVIDER_CALL_ID],
    );
    await query(`insert into provider_calls (connection, provider_call_id, call_id) values ('truedy', $1, $2)`, [
      PROVIDER_CALL_ID,
      CALL_ID,
    ]);
  },
  // The contact of the examples has been called: another one takes its id.
  callContactAt: () =>
    query(`update campaign_contacts set contact_id = gen_random_uuid() where campaign_id = $1 and seq = 1`, [
      CAMPAIGN_ID,
    ]).then(() =>
      query('update campaign_contacts set contact_id = $2 where campaign_id = $1 and seq = 2', [
        CAMPAIGN_ID,
        CONTACT_ID,
      ]),
    ),
  restartCampaign: async () => {
    await harness.handle(CAMPAIGN_ID).terminate();
    // The row may be held by an exchange of the ended run for a moment.
    await vi.waitFor(async () => {
      await reconcile({
        pool: harness.db.pool,
        readWorkflowStatus: (id) => readWorkflowStatus(harness.client, id),
        wakeCoordinators: coordinatorWaker(harness.client, harness),
        logger: pino({ level: 'silent' }),
        everyMs: 0,
      });
      const read = await harness.api('GET', `/batch-calls/${CAMPAIGN_ID}`);
      expect(read.data).toMatchObject({ status: 'interrupted' });
    });
  },
  deleteCampaign: () => harness.result(CAMPAIGN_ID),
};

describe('the examples of the API', () => {
  it('are all told of here', () => {
    expect([...operations.keys()].sort()).toEqual([...STORY].sort());
  });

  it.each(STORY)('%s does what its examples say', async (name) => {
    await BEFORE[name]?.();
    const operation = operations.get(name)!;
    for (const { contentType, value, status, what } of bodiesOf(operation)) {
      const reply = await send(operation, contentType, value);
      const answer = (await reply.json()) as { data?: unknown };
      expect([reply.status, what], JSON.stringify(answer)).toEqual([status, what]);
      const { schema } = operation.responses[status]!.content['application/json']!;
      expect(faults(schema, answer), what).toEqual([]);
      // An empty list would fit whatever its items should be.
      expect(answer.data, what).not.toEqual([]);
    }
  });

  it('are refused as described without a key', async () => {
    for (const operation of operations.values()) {
      if (operation.security.length === 0) continue;
      const url = harness.apiUrl + pathOf(operation);
      const reply = await fetch(url, { method: operation.method });
      expect([operation.operationId, reply.status]).toEqual([operation.operationId, 401]);
      const { schema } = operation.responses['401']!.content['application/json']!;
      expect(faults(schema, await reply.json())).toEqual([]);
      for (const header of Object.keys(operation.responses['401']!.headers)) {
        expect(reply.headers.get(header)).not.toBeNull();
      }
    }
  });
});

interface Body {
  readonly contentType: string | null;
  readonly value: unknown;
  readonly status: number;
  readonly what: string;
}

function bodiesOf({ requestBody, operationId }: ApiOperation): Body[] {
  if (!requestBody) return [{ contentType: null, value: undefined, status: 200, what: operationId }];
  const { requests = {} } = Object.values(DESCRIBED).find((described) => described.operationId === operationId)!;
  return Object.entries(requestBody.content).flatMap(([contentType, { examples }]) =>
    Object.entries(examples).map(([name, { value }]) => {
      const { status } = requests[name]!;
      return { contentType, value, status, what: `${operationId} ${name}` };
    }),
  );
}

function send(operation: ApiOperation, contentType: string | null, value: unknown): Promise<Response> {
  const isForm = contentType === 'multipart/form-data';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const headers = {
    ...(operation.security.length > 0 ? { authorization: `Bearer ${HARNESS_API_KEY}` } : {}),
    ...(contentType === null || isForm ? {} : { 'content-type': contentType }),
    ...headerParameters(operation),
    ...(operation.operationId === 'receiveEvents' ? signature(text) : {}),
  };
  const body = isForm ? formOf(value as Record<string, string>) : text;
  const url = harness.apiUrl + pathOf(operation) + queryOf(operation, isForm);
  return fetch(url, { method: operation.method, headers, ...(contentType === null ? {} : { body }) });
}

function pathOf({ path, parameters }: ApiOperation): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(parameters.find((parameter) => parameter.name === name)?.example)),
  );
}

/** A form brings its options itself. */
function queryOf({ parameters }: ApiOperation, isForm: boolean): string {
  const given = parameters.filter(({ in: place, example }) => place === 'query' && example !== undefined && !isForm);
  const query = new URLSearchParams(given.map(({ name, example }): [string, string] => [name, String(example)]));
  return given.length > 0 ? `?${query.toString()}` : '';
}

const keysUsed = new Set<string>();
/** The key belongs to the operation's first example; another body under it would rightly be refused. */
function headerParameters({ operationId, parameters }: ApiOperation): Record<string, string> {
  const given = parameters.filter(({ in: place }) => place === 'header');
  if (keysUsed.has(operationId)) return {};
  keysUsed.add(operationId);
  return Object.fromEntries(given.map(({ name, example }) => [name, String(example)]));
}

function formOf(fields: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    form.append(name, name === 'file' ? new Blob([value], { type: 'text/csv' }) : value);
  }
  return form;
}

function signature(body: string): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = createHmac('sha256', HARNESS_WEBHOOK_SECRET).update(`${timestamp}.${body}`).digest('hex');
  return { 'x-truedy-timestamp': timestamp, 'x-truedy-signature': signature };
}
