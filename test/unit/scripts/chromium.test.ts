import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { obtainChromium } from '../../../scripts/chromium.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ringfence-chromium-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('takes the browser that was named', async () => {
  expect(await obtainChromium({ env: { CHROMIUM: '/opt/browser', PATH: directory } })).toBe('/opt/browser');
});

test('finds one on PATH under any of its names, if it can be run', async () => {
  await writeFile(join(directory, 'chromium'), '');
  const browser = join(directory, 'google-chrome');
  await writeFile(browser, '');
  await chmod(browser, 0o755);
  expect(await obtainChromium({ env: { PATH: directory } })).toBe(browser);
});

test('names the way out where there is none and none can be installed', async () => {
  await expect(obtainChromium({ env: { PATH: directory } })).rejects.toThrow(
    /^There is no Chromium here.* Install it \(Debian: apt-get install chromium\), or name its executable in CHROMIUM\.$/,
  );
});
