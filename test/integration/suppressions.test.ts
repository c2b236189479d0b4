import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { permitDial } from '../../db/dial-permits.ts';
import { KEYS, openGateway, type TestGateway } from '../support/harness/gateway.ts';

import { dialOf } from '../support/factories/dials.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());

const suppress = (phone_number: unknown, more: object = {}, key?: string) =>
  gateway.send({
    method: 'POST',
    path: '/suppressions',
    body: { phone_number, ...more },
    ...(key === undefined ? {} : { key }),
  });
const lift = (number: string, key: string = KEYS.write) =>
  gateway.send({ method: 'DELETE', path: `/suppressions/${number}`, key });
const numbers = async (key: string = KEYS.write) =>
  (await gateway.send({ path: '/suppressions', key })).body.items.map((entry) => entry.phone_number);

describe('the suppression list', () => {
  it('takes a number once, in whatever way it is written, and keeps the latest reason', async () => {
    const first = await suppress('+1 (415) 555-0132', { reason: 'asked by e-mail' });
    expect(first.status).toBe(201);
    expect(first.body.data).toMatchObject({ phone_number: '+14155550132', reason: 'asked by e-mail' });
    const again = await suppress('+14155550132');
    expect(again.status).toBe(200);
    expect(again.body.data).toEqual(first.body.data);
    expect((await suppress('+14155550132', { reason: 'court' })).body.data).toMatchObject({ reason: 'court' });
    expect(await numbers()).toEqual(['+14155550132']);
  });

  it('is read in pages, and belongs to one account', async () => {
    await suppress('+14155550133');
    await suppress('+14155550199', {}, KEYS.other);
    const page = await gateway.send({ path: '/suppressions?limit=1&offset=1', key: KEYS.read });
    expect(page.body.items).toMatchObject([{ phone_number: '+14155550132' }]);
    expect(page.body.pagination).toEqual({
      total: 2,
      total_is_exact: true,
      limit: 1,
      offset: 1,
      has_more: false,
      next_cursor: null,
    });
    expect(await numbers(KEYS.other)).toEqual(['+14155550199']);
    expect((await lift('+14155550199')).status).toBe(404);
  });

  it('lets a number go, with its + as it is or encoded', async () => {
    expect((await lift('+14155550133')).body.data).toEqual({ phone_number: '+14155550133', deleted: true });
    expect((await lift('+14155550133')).status).toBe(404);
    expect((await lift('%2B14155550132')).status).toBe(200);
    expect((await lift('someone')).status).toBe(404);
    expect(await numbers()).toEqual([]);
  });

  it.each([
    ['12', {}, 'phone_number'],
    [14155550132, {}, 'phone_number'],
    ['4155550132', {}, 'phone_number'],
    ['+14155550132', { reason: ' ' }, 'reason'],
    ['+14155550132', { until: 'tomorrow' }, 'until'],
  ])('refuses %s with %j and names the field', async (number, more, field) => {
    const { status, body } = await suppress(number, more);
    expect(status).toBe(422);
    expect(body.error).toMatchObject({ code: 'validation_error', details: { field } });
  });

  it('is not changed by a key that may only read', async () => {
    expect((await suppress('+14155550132', {}, KEYS.read)).status).toBe(403);
  });

  it('stops the next dial of a campaign that was there before, and no other account’s', async () => {
    const number = '+14155550140';
    const placement = async (key: string) => {
      const body = { name: 'Reminders', agent_id: 'agent-1', contacts: [{ phone_number: number }] };
      const { id } = (await gateway.send({ method: 'POST', path: '/batch-calls', body, key })).body.data;
      await gateway.db.pool.query(`update campaigns set owner_run_id = 'the run', epoch = 1 where id = $1`, [id]);
      return dialOf({ campaignId: id, seq: 1, attempt: 1 });
    };
    const own = await placement(KEYS.write);
    const others = await placement(KEYS.other);
    await suppress(number);
    expect(await permitDial(gateway.db.pool, own, () => '{}')).toEqual({ kind: 'suppressed' });
    expect(await permitDial(gateway.db.pool, others, () => '{}')).toMatchObject({ kind: 'send' });
    await lift(number);
    expect(await permitDial(gateway.db.pool, own, () => '{}')).toEqual({ kind: 'withdrawn' });
    const next = { ...own, placement: 2 };
    expect(await permitDial(gateway.db.pool, next, () => '{}')).toMatchObject({ kind: 'send' });
  });
});
