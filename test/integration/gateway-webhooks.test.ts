import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EventDelivery } from '../../gateway/temporal/event-delivery.ts';
import { recordAcceptance } from '../../db/dial-answers.ts';
import { findCalls } from '../../db/known-calls.ts';
import { callId } from '../../domain/engine/ids.ts';
import type { CallEvent } from '../../providers/port.ts';
import { openGateway, type TestGateway, WEBHOOK_SECRET } from '../support/harness/gateway.ts';
import { nextId } from '../support/factories/ids.ts';
import { ScriptedProvider } from '../support/fakes/scripted-provider.ts';
import { connectionsTo } from '../support/factories/connections.ts';

const NOW = Date.UTC(2026, 2, 18, 12);

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway({ clock: () => NOW });
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.temporal.away = false;
});

const query = async (sql: string, values: unknown[] = []) => (await gateway.db.pool.query(sql, values)).rows;

interface Webhook {
  readonly id: string;
  readonly event: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

function ended(call: { providerCallId: string }, more: Partial<Webhook> = {}): Webhook {
  return {
    id: nextId('event'),
    event: 'call.ended',
    timestamp: '2026-03-18T11:59:00Z',
    data: { call_id: call.providerCallId, status: 'completed', joined: true },
    ...more,
  };
}

interface Signing {
  readonly secret?: string;
  readonly at?: number;
  readonly alter?: (body: string) => string;
  readonly provider?: string;
  readonly to?: TestGateway;
}

async function post(
  webhook: Webhook | string,
  { secret, at = NOW, alter, provider = 'truedy', to = gateway }: Signing = {},
) {
  const body = typeof webhook === 'string' ? webhook : JSON.stringify(webhook);
  const timestamp = String(Math.floor(at / 1000));
  const signature = createHmac('sha256', secret ?? WEBHOOK_SECRET)
    .update(`${timestamp}.${body}`)
    .digest('hex');
  const reply = await to.app.inject({
    method: 'POST',
    url: `/webhooks/${provider}`,
    headers: {
      'content-type': 'application/json',
      'x-truedy-timestamp': timestamp,
      'x-truedy-signature': signature,
    },
    payload: alter ? alter(body) : body,
  });
  return { status: reply.statusCode, code: reply.json<{ error?: { code: string } }>().error?.code };
}

interface Placed {
  readonly campaignId: string;
  readonly id: string;
  readonly providerCallId: string;
}

/** A call whose request has left; the provider's reply comes with `accept`. */
async function dialled(provider = 'truedy'): Promise<Placed> {
  const { body } = await gateway.send({
    method: 'POST',
    path: '/batch-calls',
    body: { name: 'Reminders', agent_id: 'agent-1', contacts: [{ phone_number: '+14155550132' }] },
  });
  const campaignId = body.data.id;
  const id = callId({ campaignId, seq: 1, attempt: 1 });
  await query(
    `insert into calls (id, campaign_id, seq, attempt, connection, request, first_sent_at)
     values ($1, $2, 1, 1, $3, '', now())`,
    [id, campaignId, provider],
  );
  return { campaignId, id, providerCallId: nextId('provider-call') };
}

const accept = (call: Placed, connection = 'truedy') =>
  recordAcceptance(
    gateway.db.pool,
    { callId: call.id, campaignId: call.campaignId, connection, now: NOW },
    call.providerCallId,
  );

async function live(provider = 'truedy'): Promise<Placed> {
  const call = await dialled(provider);
  await accept(call, provider);
  return call;
}

const signalsOf = (call: Placed) =>
  gateway.temporal.signalled
    .filter(({ campaignId }) => campaignId === call.campaignId)
    .flatMap(({ events }) => [...events]);
const stored = (eventId: string) =>
  query(`select kind, call_id, late, signalled_at is not null as signalled from call_events where event_id = $1`, [
    eventId,
  ]);

describe('a webhook that proves where it comes from', () => {
  it('ends its call: stored, signalled, and only then answered', async () => {
    const call = await live();
    const webhook = ended(call);
    expect(await post(webhook)).toEqual({ status: 200, code: undefined });
    expect(signalsOf(call)).toEqual([
      { event_id: webhook.id, call_id: call.id, outcome: 'completed', ended_at: Date.UTC(2026, 2, 18, 11, 59) },
    ]);
    expect(await stored(webhook.id)).toEqual([{ kind: 'ended', call_id: call.id, late: false, signalled: true }]);
  });

  it('is signalled once, however often it is delivered', async () => {
    const call = await live();
    const webhook = ended(call);
    for (let delivery = 0; delivery < 3; delivery += 1) expect((await post(webhook)).status).toBe(200);
    expect(signalsOf(call)).toHaveLength(1);
    expect(await stored(webhook.id)).toHaveLength(1);
  });

  it('is addressed by our own call id where the provider echoes it, before the dial’s reply came', async () => {
    const call = await dialled();
    const data = { call_id: call.providerCallId, status: 'no_answer', variables: { ringfence_call_id: call.id } };
    expect((await post(ended(call, { data }))).status).toBe(200);
    expect(signalsOf(call)).toMatchObject([{ call_id: call.id, outcome: 'no_answer' }]);
  });

  it('is kept for the dial’s reply when it overtakes it', async () => {
    const call = await dialled();
    const webhook = ended(call);
    expect((await post(webhook)).status).toBe(200);
    expect(signalsOf(call)).toEqual([]);
    expect(await accept(call)).toMatchObject({ event_id: webhook.id, call_id: call.id });
    expect((await post(webhook)).status).toBe(200);
    expect(signalsOf(call)).toEqual([]);
  });

  it.each(['call.started', 'call.joined', 'call.billed'])('%s is stored and frees nothing', async (event) => {
    const call = await live();
    const webhook = ended(call, { event });
    expect((await post(webhook)).status).toBe(200);
    expect(await stored(webhook.id)).toMatchObject([{ call_id: call.id, signalled: false }]);
    expect(signalsOf(call)).toEqual([]);
  });

  it('about something else than calls is taken and forgotten', async () => {
    const webhook = ended({ providerCallId: 'none' }, { event: 'voice.cloned' });
    expect((await post(webhook)).status).toBe(200);
    expect(await stored(webhook.id)).toEqual([]);
  });

  it('after its call was settled is stored as late and wakes nobody', async () => {
    const call = await live();
    await query('update calls set settled_at = now() where id = $1', [call.id]);
    const webhook = ended(call);
    expect((await post(webhook)).status).toBe(200);
    expect(await stored(webhook.id)).toMatchObject([{ late: true, signalled: false }]);
    expect(signalsOf(call)).toEqual([]);
  });

  it('of a campaign that was deleted is stored and answered', async () => {
    const call = await live();
    await query('delete from campaigns where id = $1', [call.campaignId]);
    const webhook = ended(call);
    expect((await post(webhook)).status).toBe(200);
    expect(await stored(webhook.id)).toHaveLength(1);
  });

  it('of a campaign whose workflow has ended is answered, and stays to be found by another run', async () => {
    const call = await live();
    gateway.temporal.closed.add(call.campaignId);
    const webhook = ended(call);
    expect((await post(webhook)).status).toBe(200);
    expect(await stored(webhook.id)).toMatchObject([{ signalled: false }]);
  });

  it('of a campaign whose workflow has ended has the campaign checked, and the limits that it shares divided again', async () => {
    const call = await live();
    await query('update campaigns set workflow_started_at = now() where id = $1', [call.campaignId]);
    await query(
      `insert into connection_shares (connection, campaign_id, epoch, report, need, share, held, revision, told)
       values ('truedy', $1, 1, 1, 1, 1, 1, 1, 1)`,
      [call.campaignId],
    );
    const woken: (readonly string[])[] = [];
    const other = await openGateway(
      {
        clock: () => NOW,
        readWorkflowStatus: async () => ({ kind: 'closed', as: 'terminated', code: null }),
        wakeCoordinators: async (connections) => void woken.push(connections),
      },
      gateway.db,
    );
    try {
      other.temporal.closed.add(call.campaignId);
      expect((await post(ended(call), { to: other })).status).toBe(200);
    } finally {
      await other.app.close();
    }
    expect(await query('select status from campaigns where id = $1', [call.campaignId])).toEqual([
      { status: 'interrupted' },
    ]);
    expect(woken.flat()).toContain('truedy');
  });

  it('is refused with 503 while Temporal is away, and signalled when the provider sends it again', async () => {
    const call = await live();
    const webhook = ended(call);
    gateway.temporal.away = true;
    expect(await post(webhook)).toEqual({ status: 503, code: 'temporal_unavailable' });
    expect(await stored(webhook.id)).toMatchObject([{ signalled: false }]);
    gateway.temporal.away = false;
    expect((await post(webhook)).status).toBe(200);
    expect(signalsOf(call)).toHaveLength(1);
    expect(await stored(webhook.id)).toMatchObject([{ signalled: true }]);
  });

  it('that is no event is refused with 400', async () => {
    for (const body of ['[]', 'hello', '{"data":{}}']) {
      expect(await post(body)).toEqual({ status: 400, code: 'bad_request' });
    }
  });
});

describe('a webhook that names a call by our id, and is of another one by the records', () => {
  const named = (call: Placed, providerCallId: string): Webhook =>
    ended(
      { providerCallId },
      { data: { call_id: providerCallId, status: 'busy', variables: { ringfence_call_id: call.id } } },
    );
  const tiesOf = (eventId: string) =>
    query('select call_id, contradicts from call_events where event_id = $1', [eventId]);
  const recordOf = async (call: Placed) =>
    (await query('select provider_call_id, settled_at from calls where id = $1', [call.id]))[0];
  const eventsOf = async ({ campaignId, id }: Placed) =>
    (await gateway.send({ path: `/batch-calls/${campaignId}/calls/${id}/events` })).body.items;

  it.each<[string, string, (call: Placed) => Promise<string>]>([
    ['by the id that the reply brought', 'truedy', async () => nextId('provider-call')],
    ['by the call that has the event’s id', 'truedy', async () => (await live()).providerCallId],
    ['by the provider that has the call', 'elsewhere', async (call) => call.providerCallId],
  ])('%s: is stored, shown as contradicting, and changes nothing', async (_, provider, idOf) => {
    const call = await live(provider);
    const webhook = named(call, await idOf(call));
    for (let delivery = 0; delivery < 2; delivery += 1) expect((await post(webhook)).status).toBe(200);
    expect(await tiesOf(webhook.id)).toEqual([{ call_id: null, contradicts: call.id }]);
    expect(signalsOf(call)).toEqual([]);
    expect((await findCalls(gateway.db.pool, [call.id])).get(call.id)).toMatchObject({ ended: null });
    expect(await recordOf(call)).toEqual({ provider_call_id: call.providerCallId, settled_at: null });
    expect(await eventsOf(call)).toMatchObject([{ event_id: webhook.id, contradicts: true, late: false }]);
    expect(gateway.log.filter((line) => line.includes('cannot belong to') && line.includes(call.id))).toHaveLength(1);
  });

  it('by the reply that comes second: it waited for the reply, which proves it wrong', async () => {
    const call = await dialled();
    const other = named(call, nextId('provider-call'));
    expect((await post(other)).status).toBe(200);
    // The campaign holds such an event until it has the reply.
    expect(signalsOf(call)).toMatchObject([{ event_id: other.id, unconfirmed: true }]);
    expect(await accept(call)).toBeNull();
    expect(await tiesOf(other.id)).toEqual([{ call_id: null, contradicts: call.id }]);
    expect(await recordOf(call)).toMatchObject({ provider_call_id: call.providerCallId });
    expect((await findCalls(gateway.db.pool, [call.id])).get(call.id)).toMatchObject({ ended: null });
    const own = ended(call);
    await post(own);
    expect(signalsOf(call).slice(1)).toEqual([expect.objectContaining({ event_id: own.id, call_id: call.id })]);
    expect(signalsOf(call)[1]).not.toHaveProperty('unconfirmed');
  });

  it('of two early ones that disagree, the reply decides which was right', async () => {
    const call = await dialled();
    const other = named(call, nextId('provider-call'));
    const own = named(call, call.providerCallId);
    await post(other);
    await post(own);
    expect(await tiesOf(own.id)).toEqual([{ call_id: null, contradicts: call.id }]);
    expect(await accept(call)).toMatchObject({ event_id: own.id, call_id: call.id });
    expect(await tiesOf(own.id)).toEqual([{ call_id: call.id, contradicts: null }]);
    expect(await tiesOf(other.id)).toEqual([{ call_id: null, contradicts: call.id }]);
  });

  it('by the reply to the other call, which it then is not news of either', async () => {
    const call = await dialled();
    const other = await dialled();
    const webhook = named(call, other.providerCallId);
    await post(webhook);
    expect(await accept(other)).toBeNull();
    expect(await tiesOf(webhook.id)).toEqual([{ call_id: null, contradicts: call.id }]);
    expect(await recordOf(call)).toMatchObject({ provider_call_id: null });
  });
});

describe('an event that an adapter reads oddly', () => {
  const event = (call: Placed, odd: object = {}) => ({
    eventId: nextId('event'),
    kind: 'ended',
    callId: null,
    providerCallId: call.providerCallId,
    outcome: 'busy',
    outcomeAsSent: null,
    occurredAt: NOW - 1_000,
    ...odd,
  });
  let second: TestGateway;
  beforeAll(async () => {
    const adapter = new ScriptedProvider(gateway.db.pool, () => NOW);
    adapter.parse = ({ rawBody }) => JSON.parse(rawBody.toString()) as CallEvent[];
    second = await openGateway({
      pool: gateway.db.pool,
      clock: () => NOW,
      delivery: new EventDelivery(gateway.temporal.signal),
      connections: connectionsTo(adapter),
    });
  });
  afterAll(() => second.close());

  it.each<[string, object, string]>([
    ['a fractional time', { occurredAt: NOW - 0.5 }, 'occurredAt'],
    ['a time that is none', { occurredAt: null }, 'occurredAt'],
    ['an event id of 201 characters', { eventId: 'e'.repeat(201) }, 'eventId'],
    ['an outcome that nobody knows', { outcome: 'teleported' }, 'outcome'],
    ['an end without an outcome', { outcome: null }, 'outcome'],
    ['an id that cannot be stored', { providerCallId: 'a\0b' }, 'providerCallId'],
    ['a fault of the account in a call that took place', { accountFault: 'blocked:unpaid' }, 'accountFault'],
  ])('%s: is answered with 500 and not acknowledged, and stops no other', async (_, odd, field) => {
    const [call, other] = [await live('scripted'), await live('scripted')];
    const body = JSON.stringify([event(call, odd), event(other), event(call, { kind: 'ignored', ...odd })]);
    const reply = await second.app.inject({ method: 'POST', url: '/webhooks/scripted', payload: Buffer.from(body) });
    expect(reply.statusCode).toBe(500);
    expect(reply.json()).toMatchObject({ error: { code: 'internal', message: expect.stringContaining(field) } });
    expect(signalsOf(call)).toEqual([]);
    expect(signalsOf(other)).toMatchObject([{ call_id: other.id, outcome: 'busy' }]);
    expect(await query('select 1 from call_events where call_id = $1', [call.id])).toEqual([]);
  });

  it('a fault of the account is stored and signalled with the end', async () => {
    const call = await live('scripted');
    const told = event(call, { outcome: 'failed', accountFault: 'blocked:unpaid' });
    const body = Buffer.from(JSON.stringify([told]));
    await second.app.inject({ method: 'POST', url: '/webhooks/scripted', payload: body });
    expect(signalsOf(call)).toMatchObject([{ outcome: 'failed', account_fault: 'blocked:unpaid' }]);
    const { ended: known } = (await findCalls(gateway.db.pool, [call.id])).get(call.id)!;
    expect(known).toMatchObject({ event_id: told.eventId, outcome: 'failed', account_fault: 'blocked:unpaid' });
  });
});

describe('a webhook that does not', () => {
  it.each<[string, Signing, string]>([
    ['forged', { secret: 'whsec_guessed' }, 'invalid_signature'],
    ['altered by a byte', { alter: (body) => body.replace('completed', 'completes') }, 'invalid_signature'],
    ['altered by white space', { alter: (body) => `${body} ` }, 'invalid_signature'],
    ['five minutes old', { at: NOW - 301_000 }, 'stale_signature'],
  ])('%s: 401, nothing stored, nothing signalled', async (_, signing, code) => {
    const call = await live();
    const webhook = ended(call);
    expect(await post(webhook, signing)).toEqual({ status: 401, code });
    expect(await stored(webhook.id)).toEqual([]);
    expect(signalsOf(call)).toEqual([]);
  });

  it('names a provider that is not set up: 404', async () => {
    expect(await post('{}', { provider: 'nobody' })).toEqual({ status: 404, code: 'not_found' });
  });

  it('is too large to be one: 413', async () => {
    const data = { note: 'x'.repeat(5_000_000) };
    expect(await post(ended({ providerCallId: 'none' }, { data }))).toEqual({ status: 413, code: 'payload_too_large' });
  });

  it('carries no signature, no body or no content type: 401', async () => {
    const bare = await gateway.app.inject({ method: 'POST', url: '/webhooks/truedy' });
    expect(bare.statusCode).toBe(401);
    const untyped = await gateway.app.inject({ method: 'POST', url: '/webhooks/truedy', payload: Buffer.from('{}') });
    expect(untyped.statusCode).toBe(401);
  });
});

describe('two gateways', () => {
  it('that are given one event at the same time keep it once, and tell the campaign of one event', async () => {
    const second = await openGateway({
      pool: gateway.db.pool,
      clock: () => NOW,
      delivery: new EventDelivery(gateway.temporal.signal),
    });
    try {
      const call = await live();
      const webhook = ended(call);
      const replies = await Promise.all(
        Array.from({ length: 10 }, (_, index) => post(webhook, { to: index % 2 === 0 ? gateway : second })),
      );
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
      expect(await stored(webhook.id)).toMatchObject([{ signalled: true }]);
      expect(new Set(signalsOf(call).map(({ event_id }) => event_id))).toEqual(new Set([webhook.id]));
    } finally {
      await second.close();
    }
  });
});

describe('many webhooks at once', () => {
  it('reach their campaign, each once', async () => {
    const first = await live();
    const calls = [first];
    for (let seq = 2; seq <= 60; seq += 1) {
      const call = {
        campaignId: first.campaignId,
        id: callId({ ...first, seq, attempt: 1 }),
        providerCallId: nextId('pc'),
      };
      await query(
        `insert into calls (id, campaign_id, seq, attempt, connection, request, first_sent_at)
         values ($1, $2, $3, 1, 'truedy', '', now())`,
        [call.id, call.campaignId, seq],
      );
      await accept(call);
      calls.push(call);
    }
    const replies = await Promise.all(calls.flatMap((call) => [post(ended(call)), post(ended(call))]));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    const signalled = signalsOf(first);
    expect(new Set(signalled.map(({ event_id }) => event_id)).size).toBe(signalled.length);
    expect(new Set(signalled.map(({ call_id }) => call_id)).size).toBe(60);
  });
});
