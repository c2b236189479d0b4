import { describe, expect, it, vi } from 'vitest';
import { openGateway, type TestGateway } from '../support/harness/gateway.ts';
import { createTestDatabase } from '../support/harness/database.ts';
import { captureCli, closing, err, out, runCli } from '../support/harness/cli.ts';

captureCli();

const keys = (...args: string[]) => runCli('keys', ...args);

async function gatewayWithItsDatabase(): Promise<TestGateway> {
  const gateway = await openGateway();
  closing.push(() => gateway.close());
  vi.stubEnv('DATABASE_URL', gateway.db.url);
  return gateway;
}

describe('keys', () => {
  it('open what they are made for, and are shown once', async () => {
    const gateway = await gatewayWithItsDatabase();
    expect(await keys('create', '--name', 'reporting', '--account', 'shop', '--scope', 'read', '--json')).toBe(0);
    const made = JSON.parse(out) as { key: string };
    expect(made).toMatchObject({ account: 'shop', name: 'reporting', scope: 'read', revoked_at: null });
    expect(made.key).toMatch(/^rf_[\w-]{43}$/);
    const { key } = made;
    expect((await gateway.send({ path: '/batch-calls', key })).status).toBe(200);
    const suppress = { method: 'POST', path: '/suppressions', body: { phone_number: '+12125550101' } } as const;
    expect((await gateway.send({ ...suppress, key })).status).toBe(403);

    expect(await keys('create', '--name', 'the shop')).toBe(0);
    const [written = ''] = out.split('\n');
    expect((await gateway.send({ ...suppress, key: written })).status).toBe(201);
    expect(out).toMatch(/^\S+ +default +write +\S+ +- +the shop$/m);

    expect(await keys('list')).toBe(0);
    expect(out).not.toContain(written);
    expect(out).toContain('reporting');
    expect(await keys('list', '--account', 'shop', '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ keys: [{ name: 'reporting' }] });
    expect(out).not.toContain(key);
    const { rows } = await gateway.db.pool.query('select * from api_keys');
    expect(JSON.stringify(rows)).not.toContain(written);
  });

  it('open nothing from the moment on in which they are revoked', async () => {
    const gateway = await gatewayWithItsDatabase();
    await keys('create', '--name', 'lost', '--json');
    const { id, key } = JSON.parse(out) as { id: string; key: string };
    expect((await gateway.send({ path: '/batch-calls', key })).status).toBe(200);
    expect(await keys('revoke', id)).toBe(0);
    expect((await gateway.send({ path: '/batch-calls', key })).status).toBe(401);
    const [since] = /since (\S+)\./.exec(out)?.slice(1) ?? [];
    expect(await keys('revoke', id, '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ id, revoked_at: since });
    expect(await keys('revoke', '00000000-0000-4000-8000-000000000000')).toBe(3);
  });

  it('say how to make the tables where there are none', async () => {
    const db = await createTestDatabase();
    closing.push(() => db.drop());
    await db.pool.query('drop table api_keys');
    vi.stubEnv('DATABASE_URL', db.url);
    expect(await keys('list')).toBe(2);
    expect(err).toContain('start a worker or gateway of this version');
  });

  it.each<[string, (url: URL) => void, RegExp]>([
    [
      'no such database',
      (url) => (url.pathname = '/of_nobody'),
      /:\d+\/of_nobody has no such database: check DATABASE_URL\.$/,
    ],
    ['no such user', (url) => (url.username = 'nobody'), /:\d+\/\S+ refuses this user: check DATABASE_URL\.$/],
  ])('say which server has %s', async (_, change, message) => {
    const db = await createTestDatabase();
    closing.push(() => db.drop());
    const url = new URL(db.url);
    change(url);
    vi.stubEnv('DATABASE_URL', url.href);
    expect(await keys('list')).toBe(5);
    expect(err.trimEnd()).toMatch(message);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });
});
