/** People who are added to a recorded campaign and taken out of it, beside what its run does at the same moment. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adoptRoster } from '../../db/adoption.ts';
import { permitDial } from '../../db/dial-permits.ts';
import { inTransaction } from '../../db/pool.ts';
import { claimUnseenChanges, removeContact } from '../../db/roster-changes.ts';
import { enrol } from '../../db/enrolment.ts';
import { exchange, skipWaiting } from '../../db/roster.ts';
import { recordEnd } from '../../db/workflow-records.ts';
import type { ExchangeReply, ExchangeRequest } from '../../domain/engine/roster.ts';
import { BUCKETS, type Buckets } from '../../domain/engine/tally.ts';
import { tellOfChangedRosters } from '../../gateway/background/roster-changes-sweeper.ts';
import { dialOf } from '../support/factories/dials.ts';
import { exchangeRequest } from '../support/factories/exchange-request.ts';
import { nextId } from '../support/factories/ids.ts';
import { fictitiousPerson } from '../support/factories/people.ts';
import { KEYS, openGateway, type TestGateway } from '../support/harness/gateway.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const OWNER = { runId: 'the run', epoch: 1 };
const NOBODY: Buckets = { pending: 0, in_progress: 0, retrying: 0, completed: 0, failed: 0, skipped: 0 };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());

const people = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => fictitiousPerson(from + index));

async function create(contacts: readonly object[], terms: object = {}): Promise<string> {
  const { body } = await gateway.send({
    method: 'POST',
    path: '/batch-calls',
    body: { name: nextId('Reminders'), agent_id: 'agent-1', contacts, ...terms },
  });
  return body.data.id;
}

const add = (id: string, body: object, headers?: Record<string, string>) =>
  gateway.send({ method: 'POST', path: `/batch-calls/${id}/contacts`, body, ...(headers ? { headers } : {}) });

const remove = (id: string, contactId: string) =>
  gateway.send({ method: 'DELETE', path: `/batch-calls/${id}/contacts/${contactId}` });

/** The first run takes the campaign over. */
const adopt = (campaignId: string) =>
  inTransaction(gateway.db.pool, async (tx) => {
    await enrol(tx, campaignId);
    return adoptRoster(tx, { campaignId, runId: OWNER.runId, number: 1 }, NOW);
  });

async function exchanged(
  campaignId: string,
  exchangeNumber: number,
  changes: Partial<ExchangeRequest> = {},
): Promise<Extract<ExchangeReply, { kind: 'exchanged' }>> {
  const request = exchangeRequest({ campaignId, now: NOW, exchangeNumber, ...changes });
  const reply = await exchange(gateway.db.pool, request, OWNER.runId);
  if (reply.kind !== 'exchanged') throw new Error(reply.kind);
  return reply;
}

interface Row {
  readonly seq: number;
  readonly contact_id: string;
  readonly phone_number: string;
  readonly bucket: string;
  readonly reason: string | null;
}

async function rowsOf(id: string): Promise<Row[]> {
  const { rows } = await gateway.db.pool.query<Row>(
    'select seq, contact_id, phone_number, bucket, reason from campaign_contacts where campaign_id = $1 order by seq',
    [id],
  );
  return rows;
}

/** What the campaign's counters say. They must be those of its rows, and add up to its total. */
async function countsOf(id: string): Promise<Buckets & { readonly total: number }> {
  const { rows } = await gateway.db.pool.query<Buckets & { total: number }>(
    `select ${BUCKETS.join(', ')}, total from campaigns where id = $1`,
    [id],
  );
  const counted = { ...NOBODY };
  const contacts = await rowsOf(id);
  for (const { bucket } of contacts) counted[bucket as keyof Buckets] += 1;
  expect(rows[0]).toEqual({ ...counted, total: contacts.length });
  return rows[0]!;
}

const contactId = async (id: string, seq: number) => (await rowsOf(id))[seq - 1]!.contact_id;

describe('people who are added', () => {
  it('are added once each, however often they are named, and the answer counts them', async () => {
    const id = await create(people(0, 3));
    const extension = { ...fictitiousPerson(0), extension: '12' };
    const reply = await add(id, { contacts: [...people(2, 5), fictitiousPerson(4), extension] });
    expect([reply.status, reply.body.data]).toEqual([200, { id, added: 3, already_there: 2, total_contacts: 6 }]);
    expect(await countsOf(id)).toMatchObject({ pending: 6, total: 6 });
    const again = await add(id, { contacts: people(0, 5) });
    expect(again.body.data).toEqual({ id, added: 0, already_there: 5, total_contacts: 6 });
  });

  it('come from folders too, and the same request with one key adds nobody twice', async () => {
    const id = await create(people(0, 1));
    const stored = await gateway.send({ method: 'POST', path: '/contacts', body: fictitiousPerson(7) });
    const body = { contacts: [fictitiousPerson(7), fictitiousPerson(8)], contact_ids: [stored.body.data.id] };
    const headers = { 'x-idempotency-key': nextId('add') };
    const first = await add(id, body, headers);
    expect(first.body.data).toEqual({ id, added: 2, already_there: 1, total_contacts: 3 });
    const repeat = await add(id, body, headers);
    expect([repeat.body.data, repeat.headers['idempotency-replayed']]).toEqual([first.body.data, 'true']);
    expect((await rowsOf(id)).map((row) => row.contact_id)).toContain(stored.body.data.id);
  });

  it('are added before a folder is copied, which then takes the places before theirs', async () => {
    const folder = await gateway.send({ method: 'POST', path: '/contacts/folders', body: { name: nextId('f') } });
    const folder_id = folder.body.data.id;
    for (const person of people(10, 13)) {
      await gateway.send({ method: 'POST', path: '/contacts', body: { ...person, folder_id } });
    }
    const id = await create([], { contact_source: 'folder', contact_folder_id: folder_id });
    const reply = await add(id, { contacts: people(12, 15) });
    expect(reply.body.data).toEqual({ id, added: 2, already_there: 1, total_contacts: 5 });
    const listed = await gateway.send({ path: `/batch-calls/${id}/contacts` });
    expect([listed.body.items.length, listed.body.pagination]).toEqual([2, expect.objectContaining({ total: 2 })]);
    await adopt(id);
    expect((await rowsOf(id)).map(({ seq, phone_number }) => [seq, phone_number])).toEqual(
      people(10, 15).map(({ phone_number }, index) => [index + 1, phone_number]),
    );
    expect(await countsOf(id)).toMatchObject({ pending: 5 });
    const { claimed } = await exchanged(id, 1, { want: 9 });
    expect(claimed.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
  });

  it('are claimed from an open-ended campaign whose folder is empty', async () => {
    const folder = await gateway.send({ method: 'POST', path: '/contacts/folders', body: { name: nextId('f') } });
    const source = { contact_source: 'folder', contact_folder_id: folder.body.data.id };
    const id = await create([], { ...source, open_ended: true });
    await add(id, { contacts: people(0, 2) });
    await adopt(id);
    expect(await exchanged(id, 1, { want: 9 })).toMatchObject({ claimed: [{ seq: 1 }, { seq: 2 }] });
  });

  it('are claimed after those that the campaign had, and one signal tells it of many requests', async () => {
    const id = await create(people(0, 2));
    await adopt(id);
    expect(await exchanged(id, 1, { want: 9 })).toMatchObject({
      claimed: [{ seq: 1 }, { seq: 2 }],
      groups: [],
    });
    for (const from of [2, 4]) await add(id, { contacts: people(from, from + 2) });
    expect(gateway.temporal.notified.filter((told) => told === id)).toHaveLength(1);
    const reply = await exchanged(id, 2, { want: 3 });
    expect(reply).toMatchObject({ claimed: [{ seq: 3 }, { seq: 4 }, { seq: 5 }], groups: [{ group: 0, more: true }] });
    expect(reply.buckets).toEqual({ ...NOBODY, pending: 6 });
    await add(id, { contacts: people(6, 7) });
    expect(gateway.temporal.notified.filter((told) => told === id)).toHaveLength(2);
  });

  it('are told of again when the signal was lost, until an exchange has seen them', async () => {
    const id = await create(people(0, 1));
    const { pool } = gateway.db;
    await pool.query('update campaigns set workflow_started_at = now() where id = $1', [id]);
    await adopt(id);
    gateway.temporal.away = true;
    expect((await add(id, { contacts: people(1, 2) })).status).toBe(200);
    gateway.temporal.away = false;
    // In one transaction, within which no time passes.
    const early = await inTransaction(pool, async (tx) => {
      await tx.query('update campaigns set roster_changed_at = now() where id = $1', [id]);
      return claimUnseenChanges(tx, 10);
    });
    expect(early).toEqual([]);
    await pool.query(`update campaigns set roster_changed_at = now() - interval '1 minute' where id = $1`, [id]);
    const { notify, notified } = gateway.temporal;
    await tellOfChangedRosters({ pool, notify, logger: gateway.app.log });
    expect(notified.filter((told) => told === id)).toHaveLength(1);
    await pool.query(`update campaigns set roster_changed_at = now() - interval '1 minute' where id = $1`, [id]);
    await exchanged(id, 1);
    expect(await claimUnseenChanges(pool, 10)).toEqual([]);
  });

  it('are not more than the account may have', async () => {
    const id = await create(people(0, 1));
    const { pool } = gateway.db;
    const { rows } = await pool.query<{ used: number }>(
      `select sum(total)::integer as used from campaigns where status not in ('completed', 'cancelled', 'failed')`,
    );
    await pool.query(`insert into accounts (name, max_contacts) values ('acme', $1)`, [rows[0]!.used + 2]);
    expect((await add(id, { contacts: people(0, 4) })).body.error.code).toBe('account_limit');
    expect((await add(id, { contacts: people(0, 3) })).body.data).toMatchObject({ added: 2 });
    await pool.query(`delete from accounts where name = 'acme'`);
    expect(await countsOf(id)).toMatchObject({ pending: 3 });
  });

  it('are refused as at the creation, and by the campaign of another account', async () => {
    const id = await create(people(0, 1));
    expect((await add(id, {})).body.error.details).toMatchObject({ field: 'contacts' });
    const wrong = await add(id, { contacts: [fictitiousPerson(1), { phone_number: '12' }] });
    expect([wrong.status, wrong.body.error.details]).toEqual([
      422,
      expect.objectContaining({ field: 'contacts[1].phone_number' }),
    ]);
    const other = { method: 'POST', path: `/batch-calls/${id}/contacts`, key: KEYS.other } as const;
    expect((await gateway.send({ ...other, body: { contacts: people(1, 2) } })).status).toBe(404);
    expect(await countsOf(id)).toMatchObject({ total: 1 });
  });

  it.each(['cancelled', 'expired'] as const)('come too late for a campaign that is %s', async (ending) => {
    const id = await create(people(0, 1));
    await adopt(id);
    const sync = { ...exchangeRequest({ campaignId: id, now: NOW }).sync, ending };
    await exchanged(id, 1, { sync });
    const late = await add(id, { contacts: people(1, 2) });
    expect([late.status, late.body.error.code]).toEqual([409, 'campaign_over']);
    expect((await remove(id, await contactId(id, 1))).body.error.code).toBe('campaign_over');
    await skipWaiting(gateway.db.pool, { campaignId: id, ...OWNER }, ending, 100);
    expect(await recordEnd(gateway.db.pool, { campaignId: id, ...OWNER }, 'cancelled')).toBe('recorded');
    expect((await add(id, { contacts: people(1, 2) })).body.error.code).toBe('campaign_over');
  });

  it('and the end of the campaign: either somebody waits and it goes on, or nobody is added', async () => {
    const ends: string[] = [];
    for (let round = 0; round < 6; round++) {
      const id = await create([], { open_ended: true });
      await adopt(id);
      const [end, added] = await Promise.all([
        recordEnd(gateway.db.pool, { campaignId: id, ...OWNER }, 'completed'),
        add(id, { contacts: people(0, 2) }),
      ]);
      expect([end, added.status]).toEqual(end === 'recorded' ? ['recorded', 409] : ['contacts_wait', 200]);
      expect(await countsOf(id)).toMatchObject({ pending: end === 'recorded' ? 0 : 2 });
      ends.push(end);
    }
    expect(ends).toHaveLength(6);
  });

  it('by two requests side by side are added once', async () => {
    const id = await create(people(0, 1));
    const replies = await Promise.all([
      add(id, { contacts: people(1, 60) }),
      add(id, { contacts: people(30, 90) }),
      add(id, { contacts: people(0, 40) }),
    ]);
    const added = replies.reduce((sum, { body }) => sum + Number(body.data.added), 0);
    expect(added).toBe(89);
    const rows = await rowsOf(id);
    expect(new Set(rows.map((row) => row.phone_number)).size).toBe(90);
    expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 90 }, (_, index) => index + 1));
    expect(await countsOf(id)).toMatchObject({ pending: 90 });
  });
});

describe('a contact that is taken out', () => {
  it('is skipped, also if the campaign has claimed it, and the next exchange and its repeat say so', async () => {
    const id = await create(people(0, 4));
    await adopt(id);
    await exchanged(id, 1, { want: 2 });
    for (const seq of [2, 3]) {
      const contact_id = await contactId(id, seq);
      const answer = { id, contact_id, call_status: 'skipped', reason: 'removed' };
      for (const _time of [1, 2]) expect((await remove(id, contact_id)).body.data).toEqual(answer);
    }
    for (const _time of [1, 2]) {
      const reply = await exchanged(id, 2);
      expect([reply.takenOut, reply.buckets]).toEqual([[2], { ...NOBODY, pending: 2, skipped: 2 }]);
    }
    expect(await exchanged(id, 3, { want: 9 })).toMatchObject({ claimed: [{ seq: 4 }] });
    expect(await exchanged(id, 4)).not.toHaveProperty('takenOut');
    const dial = dialOf({ campaignId: id, seq: 2, attempt: 1 });
    expect(await permitDial(gateway.db.pool, dial, () => '{}')).toEqual({ kind: 'removed' });
    expect((await rowsOf(id)).map((row) => row.reason)).toEqual([null, 'removed', 'removed', null]);
    expect(await countsOf(id)).toMatchObject({ skipped: 2, pending: 2 });
    expect((await add(id, { contacts: people(1, 2) })).body.data).toMatchObject({ added: 0, already_there: 1 });
  });

  it('is refused while it is called, and once it is over', async () => {
    const id = await create(people(0, 2));
    await adopt(id);
    await exchanged(id, 1, { want: 2 });
    await permitDial(gateway.db.pool, dialOf({ campaignId: id, seq: 1, attempt: 1 }), () => '{}');
    const first = await contactId(id, 1);
    const refusal = async () => (await remove(id, first)).body.error.code;
    expect(await refusal()).toBe('contact_in_call');
    await exchanged(id, 2, { started: [{ seq: 1, attempt: 1 }] });
    expect(await refusal()).toBe('contact_in_call');
    const done = { to: 'completed', reason: 'completed', outcome: 'completed', at: NOW, retryAt: null } as const;
    await exchanged(id, 3, { settled: [{ seq: 1, attempt: 1, ...done }] });
    expect(await refusal()).toBe('contact_over');
    expect((await remove(id, '00000000-0000-4000-8000-000000000000')).status).toBe(404);
  });

  it('may wait for a retry, and is not called again', async () => {
    const id = await create(people(0, 1));
    await adopt(id);
    await exchanged(id, 1, { want: 1 });
    await permitDial(gateway.db.pool, dialOf({ campaignId: id, seq: 1, attempt: 1 }), () => '{}');
    const busy = { to: 'retrying', reason: 'busy', outcome: 'busy', at: NOW, retryAt: NOW + 60_000 } as const;
    await exchanged(id, 2, { settled: [{ seq: 1, attempt: 1, ...busy }] });
    expect((await remove(id, await contactId(id, 1))).status).toBe(200);
    const reply = await exchanged(id, 3, { want: 1, now: NOW + 3_600_000 });
    expect(reply).toMatchObject({ claimed: [], groups: [], buckets: { ...NOBODY, skipped: 1 } });
    expect(await recordEnd(gateway.db.pool, { campaignId: id, ...OWNER }, 'completed')).toBe('recorded');
  });

  it('while its dial begins: one of the two is refused', async () => {
    const { pool } = gateway.db;
    const id = await create(people(0, 20));
    await adopt(id);
    await exchanged(id, 1, { want: 20 });
    const rows = await rowsOf(id);
    const outcomes = await Promise.all(
      rows.map(async ({ seq, contact_id }) => {
        const dial = dialOf({ campaignId: id, seq, attempt: 1 });
        const removing = () => inTransaction(pool, (tx) => removeContact(tx, id, contact_id)).catch(codeOf);
        const dialling = () => permitDial(pool, dial, () => '{}');
        const both = seq % 2 === 0 ? [removing(), dialling()] : [dialling(), removing()];
        const results = await Promise.all(both);
        return results.map((result) => (typeof result === 'string' ? result : result.kind)).sort();
      }),
    );
    for (const outcome of outcomes) {
      expect([
        ['contact_in_call', 'send'],
        ['removed', 'removed'],
      ]).toContainEqual(outcome);
    }
    const out = outcomes.filter(([first]) => first === 'removed').length;
    expect(await countsOf(id)).toMatchObject({ skipped: out, pending: 20 - out });
  });
});

it('A folder that is not copied yet is copied first when somebody of it is taken out', async () => {
  const folder = await gateway.send({ method: 'POST', path: '/contacts/folders', body: { name: nextId('f') } });
  const folder_id = folder.body.data.id;
  const stored = await gateway.send({ method: 'POST', path: '/contacts', body: { ...fictitiousPerson(1), folder_id } });
  const id = await create([], { contact_source: 'folder', contact_folder_id: folder_id });
  expect((await remove(id, stored.body.data.id)).status).toBe(200);
  expect(await countsOf(id)).toMatchObject({ skipped: 1, total: 1 });
});

function codeOf(error: unknown): string {
  return (error as { code: string }).code;
}
