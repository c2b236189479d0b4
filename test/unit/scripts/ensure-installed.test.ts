import { spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../../scripts/ensure-installed.mjs', import.meta.url));

const LOCK = {
  packages: {
    '': { name: 'a-project' },
    'node_modules/needed': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/for-another-platform': { version: '1.0.0', integrity: 'sha512-b', optional: true },
  },
};
const INSTALLED = { packages: { 'node_modules/needed': LOCK.packages['node_modules/needed'] } };

/** Stands in for npm: notes each call, and installs unless it must fail. It takes its time, so that two can meet. */
const NPM = `#!/bin/sh
echo "$*" >> npm-calls
[ -e npm-fails ] && exit 7
sleep 0.2
mkdir -p node_modules && cp installed.json node_modules/.package-lock.json
`;

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ringfence-install-'));
  mkdirSync(join(root, 'scripts'));
  mkdirSync(join(root, 'bin'));
  copyFileSync(SCRIPT, join(root, 'scripts', 'ensure-installed.mjs'));
  writeFileSync(join(root, 'bin', 'npm'), NPM);
  chmodSync(join(root, 'bin', 'npm'), 0o755);
  write('package-lock.json', JSON.stringify(LOCK));
  write('installed.json', JSON.stringify(INSTALLED));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

async function ensureInstalled(nodeFlags: string[] = []): Promise<{ exitCode: number; stderr: string }> {
  const options: SpawnOptions = {
    env: { ...process.env, PATH: `${join(root, 'bin')}${delimiter}${process.env.PATH}` },
    stdio: ['ignore', 'inherit', 'pipe'],
  };
  const child = spawn(process.execPath, [...nodeFlags, join(root, 'scripts', 'ensure-installed.mjs')], options);
  const [stderr, [exitCode]] = await Promise.all([text(child.stderr!), once(child, 'exit') as Promise<[number]>]);
  return { exitCode, stderr };
}

function npmCalls(): string[] {
  try {
    return readFileSync(join(root, 'npm-calls'), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
}

test('says nothing and calls nothing when all that the lock asks for is there', async () => {
  write('node_modules/.package-lock.json', JSON.stringify(INSTALLED));
  expect(await ensureInstalled()).toEqual({ exitCode: 0, stderr: '' });
  expect(npmCalls()).toEqual([]);
});

test.each([
  ['nothing is installed', null],
  ['a package is missing', { packages: {} }],
  [
    'another version is installed',
    { packages: { 'node_modules/needed': { version: '0.9.0', integrity: 'sha512-a' } } },
  ],
  ['other content is installed', { packages: { 'node_modules/needed': { version: '1.0.0', integrity: 'sha512-x' } } }],
  [
    'a package is left over',
    { packages: { ...INSTALLED.packages, 'node_modules/left': { version: '1.0.0', integrity: 'sha512-c' } } },
  ],
])('installs when %s', async (_, installed) => {
  if (installed) write('node_modules/.package-lock.json', JSON.stringify(installed));
  const { exitCode, stderr } = await ensureInstalled();
  expect(exitCode).toBe(0);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(npmCalls()).toEqual([expect.stringMatching(/^ci\b/)]);
});

test('two at once install once', async () => {
  const results = await Promise.all([ensureInstalled(), ensureInstalled()]);
  expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(npmCalls()).toHaveLength(1);
});

test('the lock of a process that died is taken over', async () => {
  const dead = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(dead, 'exit');
  write('.ringfence/install.lock', String(dead.pid));
  expect((await ensureInstalled()).exitCode).toBe(0);
  expect(npmCalls()).toHaveLength(1);
});

test('passes on the failure of npm and tries again the next time', async () => {
  write('npm-fails', '');
  const { exitCode, stderr } = await ensureInstalled();
  expect(exitCode).toBe(7);
  expect(stderr).toContain('npm ci failed');
  rmSync(join(root, 'npm-fails'));
  expect((await ensureInstalled()).exitCode).toBe(0);
});

test.each([
  ['20.18.3', 1],
  ['18.20.8', 1],
  ['20.19.0', 0],
  ['22.0.0', 0],
])('with Node %s it exits with %i', async (version, expected) => {
  write('node_modules/.package-lock.json', JSON.stringify(INSTALLED));
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  const { exitCode, stderr } = await ensureInstalled([
    '--import',
    `data:text/javascript,${encodeURIComponent(pretend)}`,
  ]);
  expect(exitCode).toBe(expected);
  if (expected === 1) expect(stderr).toMatch(/20\.19 or newer.*nodejs\.org/);
  else expect(stderr).toBe('');
});
