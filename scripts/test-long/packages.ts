/** The two packages, packed, and the programs by which tests see that they can be used. */
import { spawnSync } from 'node:child_process';
import { lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../binaries/run-command.ts';

export interface Packed {
  readonly ringfence: string;
  readonly client: string;
}

/**
 * Builds and packs both. Nothing else may build or pack this clone meanwhile.
 * @param root the directory of the clone
 * @returns the paths of their tarballs in `folder`
 */
export async function packBoth(root: string, folder: string): Promise<Packed> {
  const ringfence = await pack(root, folder, []);
  // The build for the first is that of the second.
  return { ringfence, client: await pack(root, folder, ['--ignore-scripts', './packages/client']) };
}

/** Packs both as they were built. */
export async function packBuilt(root: string, folder: string): Promise<Packed> {
  const ringfence = await pack(root, folder, ['--ignore-scripts']);
  return { ringfence, client: await pack(root, folder, ['--ignore-scripts', './packages/client']) };
}

async function pack(root: string, folder: string, options: readonly string[]): Promise<string> {
  const args = ['pack', '--silent', `--pack-destination=${folder}`, ...options];
  return join(folder, await runCommand('npm', args, { cwd: root }));
}

/** How many bytes the files of a folder have. */
export async function sizeOf(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(files.map((file) => lstat(join(folder, file))));
  return sizes.reduce((sum, facts) => sum + (facts.isFile() ? facts.size : 0), 0);
}

/** What `@ringfence/client` may take of a backend's disk, its dependency included. */
export const MOST_CLIENT_BYTES = 15_000_000;

/** What every way to load the SDK must do. A program in which `sdk` is the loaded module; throws if it does not. */
const USE_SDK = `
  const client = { baseUrl: 'http://127.0.0.1:1', apiKey: 'any', maxRetries: 0 };
  const { campaigns } = new sdk.Ringfence(client);
  const codeOf = (failing) => failing.then(() => 'none', (error) => error instanceof sdk.RingfenceError && error.code);
  const create = await codeOf(campaigns.create({ name: 'any', agent_id: 'any', contacts: [] }));
  if (create !== 'api_unreachable') throw new Error('create: ' + create);`;

/** Without Temporal's packages. */
export const CLIENT_PROGRAM = `
  const { createRequire } = await import('node:module');
  const require = createRequire(process.cwd() + '/');
  const sdk = require('@ringfence/client');
  const imported = await import('@ringfence/client');
  const names = Object.keys(sdk);
  const twice = names.filter((name) => imported[name] !== sdk[name]);
  if (!names.includes('Ringfence') || twice.length > 0) throw new Error('There are two of: ' + twice.join());
  ${USE_SDK}
  const connect = await codeOf(sdk.connectTemporal());
  if (connect !== 'misconfigured') throw new Error('connect: ' + connect);`;

/** Loads each entry in both ways, Temporal's native code with the worker's. */
export const RINGFENCE_PROGRAM = `
  const { createRequire } = await import('node:module');
  const require = createRequire(process.cwd() + '/');
  const loaded = {};
  for (const entry of ['client', 'worker', 'gateway']) {
    loaded[entry] = require('ringfence/' + entry);
    const names = Object.keys(await import('ringfence/' + entry)).filter((name) => name !== 'default');
    const missing = names.filter((name) => !(name in loaded[entry]));
    if (names.length === 0 || missing.length > 0) throw new Error(entry + ' lacks ' + missing.join(', '));
  }
  const sdk = loaded.client;
  ${USE_SDK}
  const error = new loaded.worker.RingfenceError('internal', 'any');
  if (!(error instanceof sdk.RingfenceError)) throw new Error('The worker and the SDK have errors of two types.');
  // Connects on demand, by the packages that came along.
  const temporal = await sdk.connectTemporal({ lazy: true, env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } });
  const direct = new sdk.Ringfence({ ...client, temporal });
  const paused = await codeOf(direct.campaigns.pause('1f4baf16-1540-4d91-9696-7f34b2f2cb77', { timeoutMs: 100 }));
  if (paused !== 'temporal_unavailable') throw new Error('pause: ' + paused);
  await temporal.connection.close();`;

export const JEST_PROGRAM = `
  const sdk = require('@ringfence/client');
  test('the SDK runs in Jest', async () => {
    ${USE_SDK}
  });`;

/** Fails to compile where a type is lost: an \`any\` would take the misspelt field. */
const clientTypes = (specifier: string) => `
import { connectTemporal, ERROR_CODES, Ringfence, RingfenceError, type Campaign, type Contact, type ErrorCode } from '${specifier}';

const ringfence = new Ringfence({ baseUrl: 'http://127.0.0.1:1', apiKey: 'any', maxRetries: 2, timeoutMs: 1_000 });
const { campaigns } = ringfence;
export async function start(signal: AbortSignal): Promise<Campaign['status']> {
  const terms = { name: 'any', agent_id: 'any', contacts: [{ phone_number: '+12125550101' }] };
  const { id, status } = await campaigns.create(terms, { idempotencyKey: 'any', signal });
  const paused = await campaigns.pause(id);
  if (paused.acknowledged) return paused.status;
  const { status: now } = await campaigns.edit(id, { max_calls_per_day: null });
  const { outcome } = await campaigns.forecast({ contact_count: 5 }, { call_seconds: 90 });
  return outcome === 'ended' || (await campaigns.untilOver(id)).failed > 0 ? status : now;
}
export async function numbers(): Promise<string[]> {
  const found: string[] = [];
  for await (const contact of ringfence.contacts.list({ limit: 100 })) found.push(contact.phone_number);
  const first: readonly Contact[] = (await ringfence.contacts.list()).data;
  const { errors } = await ringfence.contacts.import(new Uint8Array(), { default_country: 'US' }, { onProgress: ({ sentBytes }) => void sentBytes });
  return errors > 0 ? found : first.map(({ phone_number }) => phone_number);
}
export const overTemporal = async (): Promise<Ringfence> =>
  new Ringfence({ baseUrl: 'http://127.0.0.1:1', apiKey: 'any', temporal: await connectTemporal({ lazy: true }) });
// @ts-expect-error There is no such field.
export const misspelt = () => campaigns.create({ nam: 'any', agent_id: 'any' });
// @ts-expect-error There is no such status.
export const unknown = () => campaigns.list({ status: 'actve' });
export const secondsToWait = (error: unknown): number => (error instanceof RingfenceError ? (error.retryAfter ?? 0) : 0);
export const isMissing = (error: unknown): boolean => error instanceof RingfenceError && error.code === 'not_found';
export const meaning = (code: ErrorCode): string => ERROR_CODES[code].meaning;
`;

const SERVER_TYPES = `
import { createRingfenceWorker, Outcome, type CallProvider } from 'ringfence/worker';
import { startRingfenceGateway } from 'ringfence/gateway';

export const run = async (provider: CallProvider): Promise<string> => {
  await createRingfenceWorker({ provider, databaseUrl: 'any' });
  // @ts-expect-error A gateway needs to know its database.
  await startRingfenceGateway({ providers: [provider] });
  return (await startRingfenceGateway({ providers: [provider], databaseUrl: 'any' })).url + Outcome.options.join();
};
`;

/** How a program may tell TypeScript to find modules. `moduleResolution` is that of the version where it is not named. */
export const MODULE_MODES: readonly Readonly<Record<string, string>>[] = [
  { module: 'nodenext' },
  { module: 'node16' },
  { module: 'esnext', moduleResolution: 'bundler' },
  { module: 'commonjs' },
];

/** As TypeScript 5 finds modules for CommonJS unless it is told otherwise, and TypeScript 6 on request. */
export const OLD_MODE = { module: 'commonjs', moduleResolution: 'node10' } as const;

/**
 * Checks programs that use a package, as an ES module and as CommonJS, in the project where it is installed.
 *
 * @param tsc path of the compiler's script
 * @throws Error with the compiler's messages
 */
export async function checkTypes(
  project: string,
  { node, tsc }: { readonly node: string; readonly tsc: string },
  package_: 'client' | 'ringfence',
  mode: Readonly<Record<string, string>>,
): Promise<void> {
  const folder = join(project, 'types');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const programs =
    package_ === 'client'
      ? { client: clientTypes('@ringfence/client') }
      : { client: clientTypes('ringfence/client'), server: SERVER_TYPES };
  for (const [name, text] of Object.entries(programs)) {
    for (const extension of ['ts', 'mts', 'cts']) await writeFile(join(folder, `${name}.${extension}`), text);
  }
  const compilerOptions = {
    ...mode,
    target: 'es2022',
    // Zod's types name the `URL` of browsers, or of Node.js.
    lib: ['es2023', 'dom'],
    esModuleInterop: true,
    strict: true,
    noEmit: true,
    // The types of the SDK are whole. Those of Temporal's and others need more than they bring.
    skipLibCheck: package_ === 'ringfence',
    types: package_ === 'client' ? [] : ['node'],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*'] }));
  const told = spawnSync(node, [tsc, '--project', folder], { cwd: project, encoding: 'utf8' });
  if (told.status !== 0) throw new Error(`${JSON.stringify(mode)} of ${package_}:\n${told.stdout}${told.stderr}`);
}
