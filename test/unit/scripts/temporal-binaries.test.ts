import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Binary, TEMPORAL_CLI } from '../../../scripts/binaries/binary.ts';
import { sha256Of, verifyChecksum } from '../../../scripts/binaries/checksum.ts';
import { downloadOfficial } from '../../../scripts/binaries/download.ts';
import { obtainTemporalCli } from '../../../scripts/temporal-binaries.ts';

const CONTENT = '#!/bin/sh\necho "temporal version 9.9.9"\n';
const DIGEST = createHash('sha256').update(CONTENT).digest('hex');

let directory: string;
let executable: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ringfence-binaries-'));
  mkdirSync(join(directory, 'path'));
  executable = join(directory, 'path', 'temporal');
  writeFileSync(executable, CONTENT, { mode: 0o755 });
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('a file named by the user comes first, with its version told', async () => {
  const found = await obtainTemporalCli({ env: { TEMPORAL_CLI: executable, PATH: '/nowhere' }, home: directory });
  expect(found).toEqual({ path: executable, source: 'TEMPORAL_CLI, temporal version 9.9.9' });
});

test('a named file that cannot be run is refused by the name of its variable', async () => {
  const env = { TEMPORAL_CLI: join(directory, 'missing'), PATH: join(directory, 'path') };
  await expect(obtainTemporalCli({ env, home: directory })).rejects.toThrow(/Correct TEMPORAL_CLI/);
});

test('then one on PATH', async () => {
  const env = { PATH: `/nowhere:${join(directory, 'path')}` };
  expect(await obtainTemporalCli({ env, home: directory })).toMatchObject({ path: executable });
});

test('another content than the recorded one is refused, and so is a platform without a record', async () => {
  const binary: Binary = {
    ...TEMPORAL_CLI,
    sha256: { 'linux-x64': ['0'.repeat(64), DIGEST], 'linux-arm64': ['0'.repeat(64)] },
  };
  expect(await sha256Of(executable)).toBe(DIGEST);
  await verifyChecksum(binary, executable, 'linux-x64');
  await expect(verifyChecksum(binary, executable, 'linux-arm64')).rejects.toThrow(DIGEST);
  await expect(verifyChecksum(binary, executable, 'sunos-x64')).rejects.toThrow(/no checksum .* sunos-x64/);
});

test('the download service is asked for the version and platform, and its archive unpacked', async () => {
  const asked: string[] = [];
  const archive = join(directory, 'made.tar.gz');
  execFileSync('tar', ['-czf', archive, '-C', join(directory, 'path'), 'temporal']);
  const server: Server = createServer((request, response) => {
    asked.push(request.url!);
    const { port } = server.address() as AddressInfo;
    const info = { archiveUrl: `http://127.0.0.1:${port}/archive`, fileToExtract: 'temporal' };
    response.end(request.url === '/archive' ? readFileSync(archive) : JSON.stringify(info));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const target = join(directory, 'target');
    mkdirSync(target);
    const { port } = server.address() as AddressInfo;
    const unpacked = await downloadOfficial(TEMPORAL_CLI, target, `http://127.0.0.1:${port}`);
    expect(await sha256Of(unpacked)).toBe(DIGEST);
    expect(asked[0]).toMatch(`/cli/v${TEMPORAL_CLI.version}?arch=`);
  } finally {
    server.close();
  }
});
