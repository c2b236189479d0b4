/** One campaign has one id, one workflow and one set of calls, in whatever letters its id is written. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { adoptRoster } from '../../db/adoption.ts';
import { storeEvent } from '../../db/call-events.ts';
import { lockAgainstAdoption } from '../../db/adoption.ts';
import { inTransaction } from '../../db/pool.ts';
import { exchange } from '../../db/roster.ts';
import { campaignTerms, CreateCampaign, engineSpec } from '../../domain/api/campaign-request.ts';
import { callId, workflowId } from '../../domain/engine/ids.ts';
import { createCampaign } from '../../gateway/routes/create-campaign.ts';
import { CAMPAIGN_WORKFLOW } from '../../workflows/messages.ts';
import { openGateway, type TestGateway } from '../support/harness/gateway.ts';
import { SystemHarness } from '../support/harness/system-harness.ts';
import { exchangeRequest } from '../support/factories/exchange-request.ts';
import { TRUEDY_ALONE } from '../support/factories/connections.ts';

const body = {
  name: 'Reminders',
  agent_id: 'agent-1',
  contacts: [{ phone_number: '+14155550132' }, { phone_number: '+14155550133' }],
};
const forms = (id: string) => [`{${id}}`, `urn:uuid:${id}`, id.replaceAll('-', ''), `${id}%20`];

describe('the gateway', () => {
  const told: string[] = [];
  const tell = async (id: string) => {
    told.push(id);
    return { acknowledged: false as const };
  };
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await openGateway({
      campaigns: {
        pause: tell,
        resume: tell,
        cancel: tell,
        edit: async (id) => {
          told.push(id);
          return { status: 'active', waiting_for: null, until: null, edited_at: '2026-03-18T12:00:00.000Z' };
        },
      },
    });
  });
  afterAll(() => gateway.close());
  beforeEach(() => {
    told.length = 0;
    gateway.temporal.away = false;
  });

  /** Recorded while Temporal was away: nobody has started its workflow. */
  async function unstarted(more: object = {}): Promise<string> {
    gateway.temporal.away = true;
    const { body: created } = await gateway.send({ method: 'POST', path: '/batch-calls', body: { ...body, ...more } });
    gateway.temporal.away = false;
    gateway.temporal.started.length = 0;
    return created.data.id;
  }

  it.each([
    ['POST', '/pause', undefined],
    ['POST', '/cancel', undefined],
    ['PATCH', '', { max_concurrent_calls: 1 }],
  ] as const)(
    '%s %s under an id in capitals starts and tells the one workflow there is',
    async (method, path, change) => {
      const id = await unstarted();
      const request = { method, path: `/batch-calls/${id.toUpperCase()}${path}`, body: change };
      const { status, body: answered } = await gateway.send(request);
      expect([status, answered.data.id]).toEqual([method === 'PATCH' ? 200 : 202, id]);
      expect([gateway.temporal.started, told]).toEqual([[id], [id]]);
    },
  );

  it('answers every other question under an id in capitals with the id as it is', async () => {
    const id = await unstarted();
    const at = `/batch-calls/${id.toUpperCase()}`;
    const contacts = await gateway.send({ path: `${at}/contacts` });
    const contact = contacts.body.items[0]!.contact_id as string;
    expect((await gateway.send({ path: at })).body.data.id).toBe(id);
    expect((await gateway.send({ path: `${at}/forecast` })).status).toBe(200);
    const explained = await gateway.send({ path: `${at}/contacts/${contact.toUpperCase()}` });
    expect(explained.body.data.contact_id).toBe(contact);
    await gateway.db.pool.query(
      `insert into calls (id, campaign_id, seq, attempt, connection, request) values ($1, $2, 1, 1, 'truedy', '')`,
      [`${id}.1.1`, id],
    );
    expect((await gateway.send({ path: `${at}/calls/${id.toUpperCase()}.1.1/events` })).status).toBe(200);
    await gateway.db.pool.query(`update campaigns set status = 'completed' where id = $1`, [id]);
    const removed = await gateway.send({ method: 'DELETE', path: at });
    expect(removed.body.data).toEqual({ id, deleted: true });
  });

  it('takes folders and contacts in capitals, and answers and records them as they are', async () => {
    const folder = (await gateway.send({ method: 'POST', path: '/contacts/folders', body: { name: 'one' } })).body.data
      .id;
    const capitals = folder.toUpperCase();
    const person = { phone_number: '+14155550132', folder_id: capitals };
    const added = await gateway.send({ method: 'POST', path: '/contacts', body: person });
    expect(added.body.data.folder_id).toBe(folder);
    expect((await gateway.send({ path: `/contacts?folder_id=${capitals}` })).body.items).toHaveLength(1);
    const imported = await gateway.send({
      method: 'POST',
      path: `/contacts/import?folder_id=${capitals}`,
      headers: { 'content-type': 'text/csv' },
      body: 'phone_number\n+14155550133\n',
    });
    expect(imported.body.data.imported).toBe(1);
    const source = { contact_source: 'folder', contact_folder_id: capitals, contacts: [] };
    const created = await gateway.send({ method: 'POST', path: '/batch-calls', body: { ...body, ...source } });
    expect(created.body.data.contact_folder_id).toBe(folder);
    const ids = [added.body.data.id, added.body.data.id.toUpperCase()];
    const twice = { ...body, contacts: [], contact_ids: ids };
    const named = await gateway.send({ method: 'POST', path: '/batch-calls', body: twice });
    expect(named.body.data.total_contacts).toBe(1);
    const removed = await gateway.send({ method: 'DELETE', path: `/contacts/folders/${capitals}` });
    expect(removed.body.data).toEqual({ id: folder, deleted: true });
  });

  it('refuses the other forms that PostgreSQL would take, and starts nothing', async () => {
    const id = await unstarted();
    for (const form of forms(id)) {
      for (const command of ['pause', 'resume', 'cancel']) {
        const { status } = await gateway.send({ method: 'POST', path: `/batch-calls/${form}/${command}` });
        expect([form, status]).toEqual([form, 404]);
      }
      const edit = { method: 'PATCH', path: `/batch-calls/${form}`, body: { max_concurrent_calls: 1 } } as const;
      expect((await gateway.send(edit)).status).toBe(404);
      const named = { ...body, contacts: [], contact_ids: [decodeURIComponent(form)] };
      expect((await gateway.send({ method: 'POST', path: '/batch-calls', body: named })).status).toBe(422);
    }
    expect([gateway.temporal.started, told]).toEqual([[], []]);
  });

  it.each([
    ['resume of one that is not paused', 'POST', '/resume', undefined, 409],
    ['change of the start of one that has begun', 'PATCH', '', { scheduled_at: '2036-01-01T00:00:00Z' }, 422],
    ['change to hours that cannot be', 'PATCH', '', { start_time: '09:00' }, 422],
    ['change to an end that has passed', 'PATCH', '', { ends_at: '2020-01-01T00:00:00Z' }, 422],
  ] as const)('starts nothing for a command that is refused: %s', async (_, method, path, change, expected) => {
    const id = await unstarted();
    const { status } = await gateway.send({ method, path: `/batch-calls/${id}${path}`, body: change });
    expect([status, gateway.temporal.started, told]).toEqual([expected, [], []]);
  });

  it('starts nothing for a change of one that is over, or whose start has gone by', async () => {
    const scheduled = await unstarted({ schedule_type: 'scheduled', scheduled_at: '2026-01-01T00:00:00Z' });
    const late = { method: 'PATCH', body: { scheduled_at: '2036-01-01T00:00:00Z' } } as const;
    expect((await gateway.send({ ...late, path: `/batch-calls/${scheduled}` })).status).toBe(409);
    const over = await unstarted();
    await gateway.db.pool.query(`update campaigns set status = 'cancelled' where id = $1`, [over]);
    const change = { method: 'PATCH', body: { max_concurrent_calls: 1 } } as const;
    expect((await gateway.send({ ...change, path: `/batch-calls/${over}` })).status).toBe(409);
    expect([gateway.temporal.started, told]).toEqual([[], []]);
  });

  it('resumes one that is paused on record, whose start was never noted', async () => {
    const id = await unstarted();
    await gateway.db.pool.query(`update campaigns set status = 'paused' where id = $1`, [id]);
    expect((await gateway.send({ method: 'POST', path: `/batch-calls/${id}/pause` })).status).toBe(409);
    expect(gateway.temporal.started).toEqual([]);
    expect((await gateway.send({ method: 'POST', path: `/batch-calls/${id}/resume` })).status).toBe(202);
    expect([gateway.temporal.started, told]).toEqual([[id], [id]]);
  });

  it('knows an event that gives our call id back in capitals', async () => {
    const id = await unstarted();
    await gateway.db.pool.query(
      `insert into calls (id, campaign_id, seq, attempt, connection, request, first_sent_at)
       values ($1, $2, 1, 1, 'truedy', '', now())`,
      [`${id}.1.1`, id],
    );
    const event = {
      eventId: 'capitals-1',
      kind: 'ended',
      callId: `${id.toUpperCase()}.1.1`,
      providerCallId: null,
      outcome: 'completed',
      outcomeAsSent: null,
      occurredAt: 1,
    } as const;
    const stored = await storeEvent(gateway.db.pool, 'truedy', event, '{}');
    expect(stored).toMatchObject({ callId: `${id}.1.1`, campaignId: id, status: 'new' });
  });

  it('locks and settles a campaign by its id’s value', async () => {
    const id = await unstarted();
    await inTransaction(gateway.db.pool, async (tx) => {
      await lockAgainstAdoption(tx, id.toUpperCase());
      await lockAgainstAdoption(tx, id);
      await adoptRoster(tx, { campaignId: id.toUpperCase(), runId: 'run-1', number: 1 }, Date.now());
      const { rows } = await tx.query(
        `select distinct classid, objid from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`,
      );
      expect(rows).toHaveLength(1);
    });
    await gateway.db.pool.query(
      `insert into calls (id, campaign_id, seq, attempt, connection, request, first_sent_at)
       values ($1, $2, 1, 1, 'truedy', '', now())`,
      [callId({ campaignId: id, seq: 1, attempt: 1 }), id],
    );
    const ended = { seq: 1, attempt: 1, to: 'completed', reason: 'completed', outcome: 'completed', at: 1 } as const;
    const sync = {
      status: 'active',
      ending: null,
      waitingFor: null,
      until: null,
      placed: 1,
      zoneData: null,
      trouble: null,
    } as const;
    await exchange(
      gateway.db.pool,
      exchangeRequest({
        campaignId: id.toUpperCase(),
        now: Date.now(),
        settled: [{ ...ended, retryAt: null }],
        sync,
      }),
      'run-1',
    );
    const { rows } = await gateway.db.pool.query('select outcome from calls where campaign_id = $1', [id]);
    expect(rows).toEqual([{ outcome: 'completed' }]);
  });
});

describe('a campaign on a real Temporal server', () => {
  const PEOPLE = 12;
  let harness: SystemHarness;
  beforeAll(async () => {
    harness = await SystemHarness.start({ simulator: { timeScale: 120 } });
  });
  afterAll(() => harness.close());

  const terms = {
    name: 'Capitals',
    agent_id: 'agent-1',
    working_days: [1, 2, 3, 4, 5, 6, 7],
    contacts: Array.from({ length: PEOPLE }, (_, index) => ({ phone_number: `+14155550${100 + index}` })),
  };

  /** Recorded, and not started yet. */
  async function recorded(more: object = {}) {
    const request = CreateCampaign.parse({ ...terms, ...more });
    const { id } = await createCampaign(
      { pool: harness.db.pool, now: Date.now(), connections: TRUEDY_ALONE },
      'default',
      request,
    );
    return { id, spec: engineSpec(campaignTerms(request, 'truedy')) };
  }

  const numbersCalled = (id: string) =>
    harness.simulator.ledger().calls.filter(({ key }) => key?.toLowerCase().startsWith(id));
  const exists = (workflow: string) =>
    harness.client.workflow
      .getHandle(workflow)
      .describe()
      .then(
        () => true,
        () => false,
      );

  it('is one workflow and one call to each, by whatever letters it is told what', async () => {
    const { id } = await recorded();
    const capitals = id.toUpperCase();
    expect((await harness.api('POST', `/batch-calls/${capitals}/resume`)).status).toBe(409);
    expect(await exists(workflowId(id))).toBe(false);
    const paused = await harness.api('POST', `/batch-calls/${capitals}/pause`);
    expect(paused).toMatchObject({ status: 200, data: { id } });
    await harness.campaigns.resume(capitals);
    await harness.campaigns.edit(capitals, { max_concurrent_calls: 3 });
    expect(await harness.campaigns.progress(capitals)).toMatchObject({ campaign_id: id, max_concurrent_calls: 3 });
    expect(await harness.result(capitals)).toMatchObject({ campaign_id: id, status: 'completed' });
    expect(await exists(`campaign-${capitals}`)).toBe(false);
    const calls = numbersCalled(id);
    expect([calls.length, new Set(calls.map(({ key }) => key)).size]).toEqual([PEOPLE, PEOPLE]);
  });

  it.each([
    ['in capitals', (id: string) => ({ workflow: `campaign-${id.toUpperCase()}`, campaignId: id.toUpperCase() })],
    ['under another id', (id: string) => ({ workflow: `campaign-${id}-2`, campaignId: id })],
  ])('calls nobody out of a second workflow that is started by hand, %s', async (_, second) => {
    const { id, spec } = await recorded({ max_concurrent_calls: 2 });
    await harness.campaigns.pause(await started(id, spec));
    const { workflow, campaignId } = second(id);
    const handle = await harness.client.workflow.start(CAMPAIGN_WORKFLOW, {
      workflowId: workflow,
      taskQueue: harness.taskQueue,
      args: [{ campaignId, spec }],
    });
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'misconfigured' } });
    const { rows } = await harness.db.pool.query('select owner_run_id from campaigns where id = $1', [id]);
    const { runId } = await harness.handle(id).describe();
    expect(rows).toEqual([{ owner_run_id: runId }]);
    await harness.campaigns.resume(id);
    expect(await harness.result(id)).toMatchObject({ status: 'completed' });
    expect(numbersCalled(id)).toHaveLength(PEOPLE);
  });

  it('fails a workflow that is started by hand for what is no campaign’s id', async () => {
    const { id, spec } = await recorded();
    const handle = await harness.client.workflow.start(CAMPAIGN_WORKFLOW, {
      workflowId: `campaign-{${id}}`,
      taskQueue: harness.taskQueue,
      args: [{ campaignId: `{${id}}`, spec }],
    });
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'validation_error' } });
    for (const form of [`{${id}}`, 'not-an-id']) {
      for (const command of ['pause', 'resume', 'cancel', 'progress'] as const) {
        await expect(harness.campaigns[command](form)).rejects.toMatchObject({ code: 'not_found', field: 'id' });
      }
    }
  });

  async function started(id: string, spec: ReturnType<typeof engineSpec>): Promise<string> {
    const { workflowStarter } = await import('../../gateway/temporal/start-workflow.ts');
    await workflowStarter(harness.client, { taskQueue: harness.taskQueue })(id.toUpperCase(), spec);
    await vi.waitFor(async () => expect(await exists(workflowId(id))).toBe(true));
    return id;
  }
});
