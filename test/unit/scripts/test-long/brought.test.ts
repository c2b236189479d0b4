import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { minVersion } from 'semver';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import packageJson from '../../../../package.json' with { type: 'json' };
import { bringNode, bringPackage, VERSIONS } from '../../../../scripts/test-long/brought.ts';

/** Stands in for npm: notes each call, and brings a `node` of version 24.1.0 unless it must fail. */
const NPM = `#!/bin/sh
echo "$*" >> "$NPM_CALLS"
[ -e "$NPM_CALLS.fails" ] && { echo 'no such package' >&2; exit 7; }
mkdir -p node_modules/.bin
printf '#!/bin/sh\\necho v24.1.0\\n' > node_modules/.bin/node
chmod +x node_modules/.bin/node
`;

let home: string;
let calls: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ringfence-brought-'));
  calls = join(home, 'calls');
  mkdirSync(join(home, 'bin'));
  writeFileSync(join(home, 'bin', 'npm'), NPM);
  chmodSync(join(home, 'bin', 'npm'), 0o755);
  vi.stubEnv('PATH', `${join(home, 'bin')}${delimiter}${process.env.PATH}`);
  vi.stubEnv('NPM_CALLS', calls);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

test('a package is installed once, in the version that is asked for', async () => {
  const commands = await bringPackage('node', '24.1.0', home);
  expect(await bringPackage('node', '24.1.0', home)).toBe(commands);
  expect(existsSync(join(commands, 'node'))).toBe(true);
  expect(readFileSync(calls, 'utf8')).toMatch(/^install .* node@24\.1\.0\n$/);
});

test('two runs that bring the same package at once both get it', async () => {
  const both = await Promise.all([bringPackage('node', '24.1.0', home), bringPackage('node', '24.1.0', home)]);
  expect(new Set(both).size).toBe(1);
  expect(readdirSync(join(home, 'npm'))).toEqual(['node-24.1.0']);
});

test('a package that cannot be had leaves nothing behind, and is asked for again', async () => {
  writeFileSync(`${calls}.fails`, '');
  await expect(bringPackage('node', '24.1.0', home)).rejects.toThrow('npm failed: no such package');
  expect(readdirSync(join(home, 'npm'))).toEqual([]);
  rmSync(`${calls}.fails`);
  await bringPackage('node', '24.1.0', home);
});

test('Node.js of the package comes first on PATH, and must be what was asked for', async () => {
  const { node, env } = await bringNode('24.1.0', home);
  expect(env.PATH).toBe(`${join(home, 'npm/node-24.1.0/node_modules/.bin')}${delimiter}${process.env.PATH}`);
  expect(node).toBe(join(home, 'npm/node-24.1.0/node_modules/.bin/node'));
  await expect(bringNode('22.0.0', home)).rejects.toThrow('The npm package node@22.0.0 brought Node.js v24.1.0.');
});

test('the versions are the oldest that "engines" lets in and the one of the image', () => {
  expect(VERSIONS.oldestNode).toBe(minVersion(packageJson.engines.node)!.version);
  const dockerfile = readFileSync(new URL('../../../../Dockerfile', import.meta.url), 'utf8');
  const images = [...dockerfile.matchAll(/^FROM node:([\d.]+)/gm)].map(([, version]) => version);
  expect(images).toEqual([VERSIONS.node24, VERSIONS.node24]);
});
