/** Contacts that are not called before a time, and callbacks at a time that was asked for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adoptRoster } from '../../db/adoption.ts';
import { permitDial } from '../../db/dial-permits.ts';
import { inTransaction } from '../../db/pool.ts';
import { moveNextCall } from '../../db/roster-changes.ts';
import { enrol } from '../../db/enrolment.ts';
import { exchange } from '../../db/roster.ts';
import type { ExchangeReply, ExchangeRequest } from '../../domain/engine/roster.ts';
import { dialOf } from '../support/factories/dials.ts';
import { exchangeRequest } from '../support/factories/exchange-request.ts';
import { nextId } from '../support/factories/ids.ts';
import { fictitiousPerson } from '../support/factories/people.ts';
import { openGateway, type TestGateway } from '../support/harness/gateway.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const MINUTE = 60_000;
const clock = (at: number) => () => Promise.resolve(at);

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway({ clock: () => NOW });
});
afterAll(() => gateway.close());

const at = (minutes: number) => new Date(NOW + minutes * MINUTE).toISOString();

async function create(contacts: readonly object[], terms: object = {}): Promise<string> {
  const { body } = await gateway.send({
    method: 'POST',
    path: '/batch-calls',
    body: { name: nextId('Reminders'), agent_id: 'agent-1', contacts, max_retry_attempts: 1, ...terms },
  });
  await inTransaction(gateway.db.pool, async (tx) => {
    await enrol(tx, body.data.id);
    return adoptRoster(tx, { campaignId: body.data.id, runId: 'the run', number: 1 }, NOW);
  });
  return body.data.id;
}

async function exchanged(
  campaignId: string,
  exchangeNumber: number,
  changes: Partial<ExchangeRequest> = {},
): Promise<Extract<ExchangeReply, { kind: 'exchanged' }>> {
  const request = exchangeRequest({ campaignId, now: NOW, exchangeNumber, ...changes });
  const reply = await exchange(gateway.db.pool, request, 'the run');
  if (reply.kind !== 'exchanged') throw new Error(reply.kind);
  return reply;
}

const seqs = ({ claimed }: Pick<Extract<ExchangeReply, { kind: 'exchanged' }>, 'claimed'>) =>
  claimed.map(({ seq }) => seq);

async function idOf(id: string, seq: number): Promise<string> {
  const { rows } = await gateway.db.pool.query<{ contact_id: string }>(
    'select contact_id from campaign_contacts where campaign_id = $1 and seq = $2',
    [id, seq],
  );
  return rows[0]!.contact_id;
}

const callAt = async (id: string, seq: number, instant: string) =>
  gateway.send({
    method: 'POST',
    path: `/batch-calls/${id}/contacts/${await idOf(id, seq)}/call-at`,
    body: { at: instant },
  });

const explain = async (id: string, seq: number) =>
  (await gateway.send({ path: `/batch-calls/${id}/contacts/${await idOf(id, seq)}` })).body.data;

describe('a contact with a time', () => {
  it('is claimed from that time on, before all others, and these by priority', async () => {
    const people = [
      {},
      { not_before: at(10) },
      { priority: 1 },
      { not_before: new Date(NOW + 5 * MINUTE).toISOString().replace('Z', '+00:00') },
      { priority: 5 },
    ].map((terms, index) => ({ ...fictitiousPerson(index), ...terms }));
    const id = await create(people);
    const first = await exchanged(id, 1, { want: 1 });
    expect([seqs(first), first.groups]).toEqual([
      [3],
      [{ group: 0, more: true, dueAt: NOW + 5 * MINUTE, dueFor: 'not_before' }],
    ]);
    expect(seqs(await exchanged(id, 2, { want: 9, now: NOW + 10 * MINUTE }))).toEqual([4, 2, 1, 5]);
    const listed = await gateway.send({ path: `/batch-calls/${id}/contacts` });
    expect(listed.body.items.map(({ priority, not_before }) => [priority, not_before])).toEqual([
      [3, null],
      [3, at(10)],
      [1, null],
      [3, at(5)],
      [5, null],
    ]);
  });

  it('comes with it from a folder and from a file', async () => {
    const folder = await gateway.send({ method: 'POST', path: '/contacts/folders', body: { name: nextId('f') } });
    const folder_id = folder.body.data.id;
    const csv = `phone,priority,not_before,name\n+14155550101,2,${at(5)},Ada\n+14155550102,,,\n+14155550103,6,,\n+14155550104,,2026-03-18T12:05,\n`;
    const imported = await gateway.app.inject({
      method: 'POST',
      url: `/api/public/v1/contacts/import?folder_id=${folder_id}`,
      headers: { authorization: 'Bearer write-key-of-acme-1', 'content-type': 'text/csv' },
      payload: csv,
    });
    expect(JSON.parse(imported.body).data).toMatchObject({
      imported: 2,
      error_details: [{ reason: 'invalid_priority' }, { reason: 'invalid_not_before' }],
    });
    const one = { ...fictitiousPerson(1), folder_id, priority: 4, not_before: at(7) };
    const put = await gateway.send({ method: 'POST', path: '/contacts', body: one });
    expect(put.body.data).toMatchObject({ priority: 4, not_before: at(7) });
    const again = await gateway.send({
      method: 'POST',
      path: '/contacts',
      body: { ...fictitiousPerson(1), folder_id },
    });
    expect(again.body.data).toMatchObject({ priority: 4, not_before: at(7) });
    const id = await create([], { contact_source: 'folder', contact_folder_id: folder_id });
    expect(await explain(id, 1)).toMatchObject({ priority: 2, not_before: at(5), gate: 'not_before' });
    expect(await explain(id, 2)).toMatchObject({ priority: 3, not_before: null });
    expect(await explain(id, 3)).toMatchObject({ priority: 4, not_before: at(7) });
    const manual = await create([], { contact_ids: [put.body.data.id] });
    expect(await explain(manual, 1)).toMatchObject({ priority: 4, not_before: at(7) });
  });

  it('is refused without an offset, and with another priority than 1 to 5', async () => {
    for (const [field, value] of [
      ['not_before', '2026-03-18T12:05:00'],
      ['not_before', '2026-02-30T12:05:00Z'],
      ['priority', 0],
      ['priority', 2.5],
    ] as const) {
      const body = { name: 'x', agent_id: 'a', contacts: [{ ...fictitiousPerson(1), [field]: value }] };
      const { status, body: answer } = await gateway.send({ method: 'POST', path: '/batch-calls', body });
      expect([status, answer.error.details.field]).toEqual([422, `contacts[0].${field}`]);
    }
  });

  it('is retried at the later of both times', async () => {
    const id = await create([
      { ...fictitiousPerson(0), not_before: at(-10) },
      { ...fictitiousPerson(1), not_before: at(60) },
    ]);
    await exchanged(id, 1, { want: 2, now: NOW + 60 * MINUTE });
    const settled = [1, 2].map(
      (seq) => ({ seq, attempt: 1, to: 'retrying', reason: 'busy', outcome: 'busy' }) as const,
    );
    const times = { at: NOW, retryAt: NOW + 30 * MINUTE };
    const { groups } = await exchanged(id, 2, { settled: settled.map((one) => ({ ...one, ...times })) });
    expect(groups).toEqual([{ group: 0, more: false, dueAt: NOW + 30 * MINUTE }]);
    expect(await explain(id, 1)).toMatchObject({ gate: 'retry', next_eligible_at: at(30) });
    expect(await explain(id, 2)).toMatchObject({ gate: 'not_before', next_eligible_at: at(60) });
  });

  it('waits for the next window if the time is outside the hours', async () => {
    const hours = { timezone: 'UTC', start_time: '09:00', end_time: '17:00' };
    const id = await create([{ ...fictitiousPerson(0), not_before: '2026-03-18T20:00:00Z' }], hours);
    expect(await explain(id, 1)).toMatchObject({ gate: 'not_before', next_eligible_at: '2026-03-19T09:00:00.000Z' });
  });
});

describe('a call that is moved', () => {
  it('leaves the claim, and is claimed at its time', async () => {
    const id = await create([fictitiousPerson(0), fictitiousPerson(1)]);
    await exchanged(id, 1, { want: 2 });
    const reply = await callAt(id, 2, '2026-03-18T13:00:00+00:30');
    expect([reply.status, reply.body.data], reply.text).toMatchObject([
      200,
      { id, call_status: 'pending', attempt: 1, not_before: at(30) },
    ]);
    expect(gateway.temporal.notified).toContain(id);
    const dial = dialOf({ campaignId: id, seq: 2, attempt: 1 });
    expect(await permitDial(gateway.db.pool, dial, () => '{}', clock(NOW + 30 * MINUTE - 1))).toEqual({
      kind: 'postponed',
      until: NOW + 30 * MINUTE,
      afterMs: 1,
      waitsFor: 'not_before',
    });
    const next = await exchanged(id, 2, { want: 2 });
    expect(next).toMatchObject({ takenOut: [2], claimed: [], buckets: { pending: 2 } });
    expect(next.groups).toEqual([{ group: 0, more: false, dueAt: NOW + 30 * MINUTE, dueFor: 'not_before' }]);
    expect(seqs(await exchanged(id, 3, { want: 2, now: NOW + 30 * MINUTE }))).toEqual([2]);
    const later = { ...dial, placement: 2 };
    expect(await permitDial(gateway.db.pool, later, () => '{}', clock(NOW + 30 * MINUTE))).toMatchObject({
      kind: 'send',
    });
    const refused = await callAt(id, 2, at(60));
    expect([refused.status, refused.body.error.code]).toEqual([409, 'contact_in_call']);
  });

  it('may be a retry, which is then due earlier or later than its delay', async () => {
    const id = await create([fictitiousPerson(0)]);
    await exchanged(id, 1, { want: 1 });
    const busy = { to: 'retrying', reason: 'busy', outcome: 'busy', at: NOW, retryAt: NOW + 60 * MINUTE } as const;
    await exchanged(id, 2, { settled: [{ seq: 1, attempt: 1, ...busy }] });
    expect((await callAt(id, 1, at(-1))).body.data).toMatchObject({ call_status: 'retrying', attempt: 2 });
    expect((await exchanged(id, 3, { want: 1 })).claimed).toEqual([{ seq: 1, attempt: 2 }]);
    const done = { to: 'completed', reason: 'completed', outcome: 'completed', at: NOW, retryAt: null } as const;
    await exchanged(id, 4, { settled: [{ seq: 1, attempt: 2, ...done }] });
    expect((await callAt(id, 1, at(1))).body.error.code).toBe('contact_over');
  });

  it('is refused at or after the end of the campaign, and without an offset', async () => {
    const id = await create([fictitiousPerson(0)], { ends_at: '2036-03-20T00:00:00Z' });
    for (const instant of ['2036-03-20T00:00:00Z', '2026-03-18T13:00:00', 'tomorrow']) {
      const { status, body } = await callAt(id, 1, instant);
      expect([status, body.error.details.field]).toEqual([422, 'at']);
    }
  });

  it('while its dial begins: either it is moved, or it is called', async () => {
    const { pool } = gateway.db;
    const id = await create(Array.from({ length: 12 }, (_, index) => fictitiousPerson(index)));
    await exchanged(id, 1, { want: 12 });
    const later = new Date(NOW + 60 * MINUTE);
    for (let seq = 1; seq <= 12; seq++) {
      const contact = await idOf(id, seq);
      const moving = () =>
        inTransaction(pool, (tx) => moveNextCall(tx, id, contact, later)).then(
          () => 'moved',
          (error: { code: string }) => error.code,
        );
      const dialling = () =>
        permitDial(pool, dialOf({ campaignId: id, seq, attempt: 1 }), () => '{}', clock(NOW)).then(({ kind }) => kind);
      const both = seq % 2 === 0 ? [moving(), dialling()] : [dialling(), moving()];
      expect([
        ['contact_in_call', 'send'],
        ['moved', 'postponed'],
      ]).toContainEqual((await Promise.all(both)).sort());
    }
  });
});
