import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordAcceptance } from '../../db/dial-answers.ts';
import { markSignalled, storeEvent } from '../../db/call-events.ts';
import { callId } from '../../domain/engine/ids.ts';
import { KEYS, openGateway, type TestGateway } from '../support/harness/gateway.ts';
import { nextId } from '../support/factories/ids.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const NOBODY = '00000000-0000-4000-8000-000000000000';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway({ clock: () => NOW });
});
afterAll(() => gateway.close());

const query = async (sql: string, values: unknown[] = []) => (await gateway.db.pool.query(sql, values)).rows;

/** A campaign of one person, active and calling. */
async function campaign(): Promise<{ id: string; contact: string }> {
  const body = { name: 'Reminders', agent_id: 'agent-1', contacts: [{ phone_number: '+14155550132' }] };
  const { id } = (await gateway.send({ method: 'POST', path: '/batch-calls', body })).body.data;
  const [{ contact_id: contact }] = await query(
    'with started as (update campaigns set waiting_for = null where id = $1) select contact_id from campaign_contacts where campaign_id = $1',
    [id],
  );
  return { id, contact };
}

const explain = async ({ id, contact }: { id: string; contact: string }, key?: string) =>
  gateway.send({ path: `/batch-calls/${id}/contacts/${contact}`, ...(key === undefined ? {} : { key }) });

async function dialled(campaignId: string, attempt: number) {
  const call = { id: callId({ campaignId, seq: 1, attempt }), providerCallId: nextId('provider-call') };
  await query(
    `insert into calls (id, campaign_id, seq, attempt, connection, request, first_sent_at)
     values ($1, $2, 1, $3, 'truedy', '', $4)`,
    [call.id, campaignId, attempt, new Date(NOW - 60_000)],
  );
  await recordAcceptance(
    gateway.db.pool,
    { callId: call.id, campaignId, connection: 'truedy', now: NOW },
    call.providerCallId,
  );
  return call;
}

const event = (providerCallId: string, kind: 'started' | 'ended', eventId = nextId('event')) =>
  storeEvent(
    gateway.db.pool,
    'truedy',
    {
      eventId,
      kind,
      callId: null,
      providerCallId,
      occurredAt: NOW - 1_000,
      outcome: kind === 'ended' ? 'no_answer' : null,
      outcomeAsSent: kind === 'ended' ? 'unjoined' : null,
    },
    `{"id": "${eventId}"}`,
  ).then(() => eventId);

describe('one contact explained', () => {
  it('waits for its turn, and was not called yet', async () => {
    const { status, body } = await explain(await campaign(), KEYS.read);
    expect(status).toBe(200);
    expect(body.data).toMatchObject({
      phone_number: '+14155550132',
      call_status: 'pending',
      attempt: 1,
      campaign_status: 'active',
      gate: 'slot',
      next_eligible_at: null,
      attempts: [],
      as_of: '2026-03-18T12:00:00.000Z',
    });
  });

  it('waits for its retry: with its first call, and the provider’s own word for how that ended', async () => {
    const made = await campaign();
    const call = await dialled(made.id, 1);
    await event(call.providerCallId, 'ended');
    await query(
      `update campaign_contacts set bucket = 'retrying', reason = 'no_answer', attempt = 2, due_at = $2 where campaign_id = $1`,
      [made.id, new Date(NOW + 3_600_000)],
    );
    expect((await explain(made)).body.data).toMatchObject({
      call_status: 'retrying',
      reason: 'no_answer',
      attempt: 2,
      gate: 'retry',
      next_eligible_at: '2026-03-18T13:00:00.000Z',
      attempts: [
        {
          call_id: call.id,
          attempt: 1,
          first_sent_at: '2026-03-18T11:59:00.000Z',
          provider_call_id: call.providerCallId,
          not_placed_reason: null,
          outcome: 'no_answer',
          outcome_as_sent: 'unjoined',
          ended_at: '2026-03-18T11:59:59.000Z',
        },
      ],
    });
  });

  it('is held by what was decided about its campaign or its number, and by nothing while it is called', async () => {
    const made = await campaign();
    await query(`update campaigns set status = 'paused' where id = $1`, [made.id]);
    expect((await explain(made)).body.data).toMatchObject({ gate: 'paused', campaign_status: 'paused' });
    const suppress = { phone_number: '+14155550132' };
    await gateway.send({ method: 'POST', path: '/suppressions', body: suppress });
    expect((await explain(made)).body.data).toMatchObject({ gate: 'suppressed' });
    await query(`update campaigns set ending = 'cancelled' where id = $1`, [made.id]);
    expect((await explain(made)).body.data).toMatchObject({ gate: 'ending' });
    await query(`update campaign_contacts set bucket = 'in_progress' where campaign_id = $1`, [made.id]);
    expect((await explain(made)).body.data).toMatchObject({ gate: null, next_eligible_at: null });
    await gateway.send({ method: 'DELETE', path: '/suppressions/+14155550132' });
  });

  it('is not found in another campaign, by another account or under no id', async () => {
    const made = await campaign();
    const other = await campaign();
    expect((await explain(made, KEYS.other)).status).toBe(404);
    expect((await explain({ id: other.id, contact: made.contact })).status).toBe(404);
    expect((await explain({ id: made.id, contact: NOBODY })).status).toBe(404);
    expect((await explain({ id: made.id, contact: 'someone' })).status).toBe(404);
  });
});

describe('the events of a call', () => {
  it('are listed in the order in which they came: raw, signalled or late', async () => {
    const { id } = await campaign();
    const call = await dialled(id, 1);
    const started = await event(call.providerCallId, 'started');
    const ended = await event(call.providerCallId, 'ended');
    await markSignalled(gateway.db.pool, 'truedy', [ended]);
    await query('update calls set settled_at = now() where id = $1', [call.id]);
    const late = await event(call.providerCallId, 'ended');

    const path = `/batch-calls/${id}/calls/${call.id}/events`;
    const { status, body } = await gateway.send({ path, key: KEYS.read });
    expect(status).toBe(200);
    expect(body.items).toMatchObject([
      {
        event_id: started,
        kind: 'started',
        outcome: null,
        late: false,
        signalled_at: null,
        raw: `{"id": "${started}"}`,
      },
      { event_id: ended, kind: 'ended', outcome: 'no_answer', late: false, signalled_at: expect.any(String) },
      { event_id: late, outcome_as_sent: 'unjoined', late: true, signalled_at: null },
    ]);
    expect(body.pagination).toEqual({
      total: 3,
      total_is_exact: true,
      limit: 50,
      offset: 0,
      has_more: false,
      next_cursor: null,
    });
    const first = await gateway.send({ path: `${path}?limit=1&offset=1` });
    expect(first.body.items).toMatchObject([{ event_id: ended }]);
    expect(first.body.pagination).toMatchObject({ has_more: true });

    expect((await gateway.send({ path, key: KEYS.other })).status).toBe(404);
    const elsewhere = (await campaign()).id;
    expect((await gateway.send({ path: `/batch-calls/${elsewhere}/calls/${call.id}/events` })).status).toBe(404);
  });

  it('are none before the first came', async () => {
    const { id } = await campaign();
    const call = await dialled(id, 1);
    const { body } = await gateway.send({ path: `/batch-calls/${id}/calls/${call.id}/events` });
    expect(body.items).toEqual([]);
    expect(body.pagination).toMatchObject({ total: 0, has_more: false });
  });
});
