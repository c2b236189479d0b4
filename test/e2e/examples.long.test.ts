/** The examples of backends as somebody runs them: in a project with the package @ringfence/client, on a whole system. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { VERSIONS } from '../../scripts/test-long/brought.ts';
import { packBuilt } from '../../scripts/test-long/packages.ts';
import { nextId } from '../support/factories/ids.ts';
import { ProcessHarness } from '../support/harness/process-harness.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const TSCONFIG = {
  compilerOptions: { module: 'nodenext', target: 'es2022', strict: true, types: ['node'] },
  include: ['*.ts'],
};

let project: string;
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'ringfence-examples-'));
  const { client } = await packBuilt(ROOT, project);
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const packages = [client, `express@${VERSIONS.express}`, `@types/node@${packageJson.devDependencies['@types/node']}`];
  const options = ['--silent', '--prefer-offline', '--no-audit', '--no-fund'];
  await promisify(execFile)('npm', ['install', ...options, ...packages], { cwd: project });
  for (const example of ['start-from-backend.ts', 'pause-all.cjs', 'express/server.js']) {
    await cp(join(ROOT, 'examples', example), join(project, example));
  }
}, 120_000);
afterAll(() => rm(project, { recursive: true, force: true }));

let system: ProcessHarness;
let server: ChildProcess | null;
beforeEach(async () => {
  server = null;
  system = await ProcessHarness.start({ timeScale: 50 });
});
afterEach(async () => {
  server?.kill('SIGKILL');
  await system.close();
});

const env = (more: Readonly<Record<string, string>> = {}) => ({
  ...process.env,
  RINGFENCE_API_URL: system.api.baseUrl,
  RINGFENCE_API_KEY: system.api.apiKey,
  ...more,
});
const run = async (file: string) => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { cwd: project, env: env() });
  expect(stderr).toBe('');
  return stdout;
};

test('a backend in TypeScript imports contacts, and runs a campaign to its end', async () => {
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  await promisify(execFile)(process.execPath, [TSC, '--project', '.'], { cwd: project }).catch(
    (error: { stdout: string }) => {
      throw new Error(error.stdout);
    },
  );
  const said = await run('start-from-backend.js');
  expect(said).toContain('Contacts imported: 4, refused: 0.');
  expect(said).toContain('Paused. Nothing is being placed');
  expect(said).toMatch(/^The campaign is completed: \d completed, \d failed\.$/m);
  expect(said).toMatch(/^Ada: (?:completed|failed), \w+$/m);

  const id = /^Campaign (?<id>\S+) has started\. Contacts: 4\.$/m.exec(said)!.groups!.id!;
  const { verdict } = await system.untilOver(id);
  expect(verdict).toMatchObject({ contacts: 4, duplicate_keys: 0, agree: true });
  expect(verdict.peak_in_flight).toBeLessThanOrEqual(2);
});

test('a script in CommonJS pauses every active campaign, and names the calls that are still live', async () => {
  const names = ['First', 'Second', 'Third'];
  const ids = await Promise.all(names.map((name) => system.createCampaign(20, { name, max_concurrent_calls: 2 })));
  await Promise.all(ids.map((id) => system.untilCalls(id, (calls) => calls.length >= 2)));
  const said = await run('pause-all.cjs');
  for (const name of names) expect(said).toMatch(new RegExp(`^${name}: paused\\. Calls still live: \\S.*\\.$`, 'm'));
  for (const id of ids) expect(await system.ringfence.campaigns.get(id)).toMatchObject({ status: 'paused' });
  expect(await run('pause-all.cjs')).toBe('');
});

test('a server with Express creates and steers campaigns, and passes the webhooks of the carrier on', async () => {
  server = spawn(process.execPath, ['express/server.js'], { cwd: project, env: env({ PORT: '0' }) });
  let said = '';
  for (const stream of [server.stdout!, server.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  const url = await vi.waitFor(() => {
    const listening = /^Listening on (?<url>\S+)$/m.exec(said);
    expect(listening, said).not.toBeNull();
    return listening!.groups!.url!;
  });
  const ask = async (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  // The carrier knows this address alone, so that every call ends by way of it.
  await system.sendWebhooksTo(`${url}/webhooks/truedy`);
  const terms = {
    name: 'By a form',
    agent_id: 'agent-1',
    contacts: Array.from({ length: 12 }, (_, index) => ({ phone_number: `+141555501${10 + index}` })),
    working_days: [1, 2, 3, 4, 5, 6, 7],
    max_concurrent_calls: 3,
  };
  const key = { 'idempotency-key': nextId(`form-${process.pid}`) };
  const created = await ask('POST', '/campaigns', terms, key);
  expect(created.status).toBe(201);
  expect(await ask('POST', '/campaigns', terms, key)).toEqual(created);
  const id = created.body.id as string;
  expect(await ask('GET', '/campaigns')).toMatchObject({ body: { campaigns: [{ id }], next: null } });

  expect(await ask('POST', `/campaigns/${id}/pause`)).toMatchObject({ status: 200, body: { acknowledged: true } });
  expect(await ask('POST', `/campaigns/${id}/pause`)).toMatchObject({ status: 409, body: { code: 'wrong_state' } });
  expect(await ask('POST', `/campaigns/${id}/resume`)).toMatchObject({ status: 200 });
  expect(await ask('POST', '/campaigns', { ...terms, nam: 'x' })).toMatchObject({
    status: 422,
    body: { code: 'validation_error', field: 'nam' },
  });
  expect(await ask('GET', '/campaigns/nobody')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  expect(await ask('POST', '/webhooks/truedy', { forged: true })).toMatchObject({
    status: 401,
    body: { error: { code: 'invalid_signature' } },
  });

  const { verdict, campaign } = await system.untilOver(id);
  expect(campaign.status).toBe('completed');
  expect(verdict).toMatchObject({ contacts: 12, duplicate_keys: 0, agree: true });
  const { rows } = await system.db.pool.query(`select count(*)::int as ends from call_events where kind = 'ended'`);
  expect(rows[0].ends).toBeGreaterThanOrEqual(12);

  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  expect(await ended, said).toEqual([0, null]);
});
