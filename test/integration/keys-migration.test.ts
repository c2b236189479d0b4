/** What the idempotency keys of a database from before every write took one are good for afterwards. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { MIGRATIONS } from '../../db/migrate.ts';
import { openPool, type Pool } from '../../db/pool.ts';
import { failedStart } from '../../domain/api/failed-start.ts';
import { hashBody } from '../../gateway/http/body-hash.ts';
import { campaignIdOf } from '../../gateway/routes/create-campaign.ts';
import { runSql, withDatabase } from '../../scripts/postgres/sql.ts';
import { openGateway } from '../support/harness/gateway.ts';
import { nextId } from '../support/factories/ids.ts';

const { url: server } = inject('postgres');
const name = `ringfence_before_writes_${process.pid}_${nextId('db')}`.replaceAll('-', '_');
const body = { name: 'Reminders', agent_id: 'agent-1', contacts: [{ phone_number: '+14155550132' }] };
const REASON = 'Blob data size exceeds limit';

let pool: Pool;
beforeAll(async () => {
  await runSql(server, `create database ${name}`);
  pool = openPool(withDatabase(server, name));
});
afterAll(async () => {
  await pool.end();
  await runSql(server, `drop database if exists ${name} with (force)`);
});

it('a repeat of the creation gets the first answer, and creates nothing', async () => {
  const files = readdirSync(MIGRATIONS).sort();
  const writes = files.findIndex((file) => file.endsWith('_writes.sql'));
  const apply = async (some: readonly string[]) => {
    for (const file of some) await pool.query(readFileSync(join(MIGRATIONS, file), 'utf8').split('-- Down')[0]!);
  };
  await apply(files.slice(0, writes));
  for (const [key, failure] of [
    ['sound', null],
    ['failed', REASON],
  ] as const) {
    const id = campaignIdOf('acme', key);
    await pool.query(
      `insert into idempotency_keys (account, key, body_hash, campaign_id, answer) values ('acme', $1, $2, $3, $4)`,
      [key, await hashBody(body), id, JSON.stringify({ id, name: 'Reminders', failure })],
    );
  }
  await apply(files.slice(writes));

  const gateway = await openGateway({}, { pool, url: '', drop: async () => {} });
  const create = (key: string, more: object = {}) =>
    gateway.send({
      method: 'POST',
      path: '/batch-calls',
      body: { ...body, ...more },
      headers: { 'x-idempotency-key': key },
    });
  const sound = await create('sound');
  expect([sound.status, sound.headers['idempotency-replayed']]).toEqual([201, 'true']);
  const data = { id: campaignIdOf('acme', 'sound'), name: 'Reminders', failure: null };
  expect(sound.body.data).toEqual(data);
  const { code, message, details } = failedStart(campaignIdOf('acme', 'failed'), REASON);
  const failed = await create('failed');
  expect([failed.status, failed.body.error]).toEqual([422, { code, message, details }]);
  for (const key of ['sound', 'failed']) {
    expect((await create(key, { name: 'Others' })).body.error.code).toBe('idempotency_mismatch');
  }
  expect((await pool.query('select from campaigns')).rowCount).toBe(0);
  await gateway.app.close();
});
