import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { compiledMain } from '../../scripts/start/compiled-main.ts';
import { startGateway } from '../../scripts/start/processes.ts';
import { ZONE_DATA_VERSION } from '../../domain/windows/zone-data.ts';
import { createTestDatabase } from '../support/harness/database.ts';
import { nextTaskQueue } from '../support/factories/ids.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KEY = 'gateway-process-key';
const SECRET = 'whsec_process';
const PROVIDER = {
  TRUEDY_BASE_URL: 'http://127.0.0.1:9/api',
  TRUEDY_API_KEY: 'unused',
  TRUEDY_WEBHOOK_SECRETS: SECRET,
};

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ringfence-test-'));
  closing.push(() => rm(directory, { recursive: true }));
  return directory;
}

/** Runs a program of ours to its end. */
async function runToEnd(file: string, env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [await compiledMain(file)], { cwd: ROOT, env: { ...process.env, ...env } });
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { stdout, stderr, code };
}

describe('the gateway as a process', () => {
  it('serves, and leaves in order, although a client keeps a connection ready', async () => {
    const db = await createTestDatabase();
    closing.push(() => db.drop());
    const logFile = join(await scratch(), 'gateway.log');
    const gateway = await startGateway({
      logFile,
      port: 0,
      env: {
        ...PROVIDER,
        TEMPORAL_ADDRESS: inject('temporalAddress'),
        DATABASE_URL: db.url,
        RINGFENCE_TASK_QUEUE: nextTaskQueue(),
        RINGFENCE_API_KEY: KEY,
      },
    });
    closing.push(() => gateway.stop());
    const campaigns = await fetch(`${gateway.url}${API_ROOT}/batch-calls`, {
      headers: { authorization: `Bearer ${KEY}` },
    });
    expect([campaigns.status, await campaigns.json()]).toMatchObject([200, { data: [] }]);

    const ahead = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    await once(ahead, 'connect');
    closing.push(async () => ahead.destroy());
    await gateway.stop();
    expect(await gateway.exited).toBe('exit code 0');
    const log = await readFile(logFile, 'utf8');
    expect(log).toContain('"msg":"stopped"');
    expect(log).not.toContain(KEY);
  });

  it('comes up while Temporal is away, and leaves in order', async () => {
    const db = await createTestDatabase();
    closing.push(() => db.drop());
    // Its readiness probe would fail, as it should: the ready line alone is waited for.
    const child = spawn(process.execPath, [await compiledMain('gateway/main.ts')], {
      cwd: ROOT,
      env: {
        ...process.env,
        ...PROVIDER,
        TEMPORAL_ADDRESS: '127.0.0.1:1',
        DATABASE_URL: db.url,
        RINGFENCE_PORT: '0',
        RINGFENCE_API_KEY: KEY,
      },
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    closing.push(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const line = await readyLine(child.stdout);
    expect(line).toMatchObject({
      ready: true,
      address: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      zone_data: ZONE_DATA_VERSION,
    });
    const address = String(line.address);
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
    expect((await fetch(`${address}/readyz`)).status).toBe(503);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });

  it('reads its connections again on SIGHUP, and keeps them if the file is wrong', async () => {
    const db = await createTestDatabase();
    closing.push(() => db.drop());
    const file = join(await scratch(), 'connections.yaml');
    const connection = (name: string) =>
      `  ${name}: {provider: retell, api_key: "env:KEY", countries: [US], number_types: [mobile]}\n`;
    await writeFile(file, `connections:\n${connection('first')}`);
    const child = spawn(process.execPath, [await compiledMain('gateway/main.ts')], {
      cwd: ROOT,
      env: {
        ...process.env,
        RINGFENCE_CONNECTIONS: file,
        KEY: 'unused',
        TEMPORAL_ADDRESS: '127.0.0.1:1',
        DATABASE_URL: db.url,
        RINGFENCE_PORT: '0',
      },
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    closing.push(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const log = logLines(child.stdout);
    const { address } = await log.until('gateway is listening');
    const statusOf = async (name: string) =>
      (await fetch(`${String(address)}/webhooks/${name}`, { method: 'POST', body: '{}' })).status;
    expect([await statusOf('first'), await statusOf('second')]).toEqual([401, 404]);

    await writeFile(file, `connections:\n${connection('first')}${connection('second')}`);
    child.kill('SIGHUP');
    expect(await log.until('read the connections again')).toMatchObject({ connections: ['first', 'second'] });
    expect(await statusOf('second')).toBe(401);

    await writeFile(file, 'connections:\n  second: {provider: nobody}\n');
    child.kill('SIGHUP');
    const { reason } = await log.until('the connections could not be read again, and stay as they were');
    expect(reason).toMatch(/connections\.yaml:2: connections\.second\.provider must be one of/);
    expect(await statusOf('first')).toBe(401);
  });

  it.each<[string, string, Record<string, string>, RegExp]>([
    [
      'all settings that are wrong',
      'gateway/main.ts',
      { RINGFENCE_PORT: '70000', TRUEDY_BASE_URL: 'nowhere' },
      /^The gateway cannot start: .*DATABASE_URL is not set.*RINGFENCE_PORT.*TRUEDY_API_KEY is not set.*TRUEDY_WEBHOOK_SECRETS is not set/,
    ],
    [
      'the database that does not answer, without its password',
      'gateway/main.ts',
      { ...PROVIDER, DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/none' },
      /^The gateway cannot start: PostgreSQL at 127\.0\.0\.1:1\/none does not answer \(ECONNREFUSED\): check DATABASE_URL\.$/,
    ],
    [
      'the connections that are not configured',
      'worker/main.ts',
      { DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/none' },
      /^The worker cannot start: There is no connection: name the connections file in RINGFENCE_CONNECTIONS/,
    ],
  ])('does not start, and names in one line %s', async (_, main, env, line) => {
    const { code, stderr } = await runToEnd(main, env);
    expect(code).toBe(1);
    expect(stderr.trimEnd()).toMatch(line);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it.each<[string, string, Record<string, string>, RegExp]>([
    [
      'the port that is in use',
      'gateway/main.ts',
      { RINGFENCE_PORT: 'in use' },
      /127\.0\.0\.1:\d+ is in use: set RINGFENCE_PORT/,
    ],
    [
      'the database that is not there',
      'gateway/main.ts',
      { DATABASE: 'of_nobody' },
      /PostgreSQL at .*\/of_nobody has no such database: check DATABASE_URL/,
    ],
    [
      'the address of Temporal that is none',
      'gateway/main.ts',
      { TEMPORAL_ADDRESS: 'http://127.0.0.1:7233' },
      /^The gateway cannot start: The address of Temporal must be host:port, .*: correct TEMPORAL_ADDRESS/,
    ],
    [
      'the namespace that Temporal does not have',
      'worker/main.ts',
      { TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_NAMESPACE: 'of-nobody', RINGFENCE_HEALTH_PORT: '0' },
      /^The worker cannot start: Temporal has no namespace "of-nobody": correct TEMPORAL_NAMESPACE/,
    ],
  ])('does not start, and names %s', async (_, main, { DATABASE, ...env }, line) => {
    const db = await createTestDatabase();
    closing.push(() => db.drop());
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    closing.push(async () => void other.close());
    const url = new URL(db.url);
    if (DATABASE !== undefined) url.pathname = DATABASE;
    const port = String((other.address() as AddressInfo).port);
    const { code, stderr } = await runToEnd(main, {
      ...PROVIDER,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      ...env,
      DATABASE_URL: url.href,
      RINGFENCE_PORT: env.RINGFENCE_PORT === undefined ? '0' : port,
    });
    expect(code).toBe(1);
    expect(stderr.trimEnd()).toMatch(line);
  });
});

async function readyLine(stream: Readable): Promise<Record<string, unknown>> {
  for await (const text of createInterface(stream)) {
    const line = JSON.parse(text) as Record<string, unknown>;
    if (line.ready === true) return line;
  }
  throw new Error('the process ended without saying that it is ready');
}

/** The log of a process, read line by line. */
function logLines(stream: Readable) {
  const lines = createInterface(stream)[Symbol.asyncIterator]();
  return {
    async until(message: string): Promise<Record<string, unknown>> {
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true) throw new Error(`the process ended without saying: ${message}`);
        const line = JSON.parse(value) as Record<string, unknown>;
        if (line.msg === message) return line;
      }
    },
  };
}
