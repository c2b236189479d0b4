import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claimHome } from '../../../../scripts/start/one-per-home.ts';
import { endOf, findReadyLine } from '../../../../scripts/start/ready-line.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ringfence-home-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the claim on a directory', () => {
  test('is one process’s, until it gives it up', async () => {
    const leave = await claimHome(home);
    await expect(claimHome(home)).rejects.toThrow(`Another start (process ${process.pid}) runs on ${home}.`);
    await leave();
    await (
      await claimHome(home)
    )();
    expect(readdirSync(home)).toEqual([]);
  });

  test('does not outlive its process', async () => {
    const { pid } = spawnSync('true');
    writeFileSync(join(home, 'running.pid'), String(pid));
    await (
      await claimHome(home)
    )();
    expect(readdirSync(home)).toEqual([]);
  });
});

describe('the line by which a process tells that it is ready', () => {
  const log = () => join(home, 'process.log');

  test('is found among lines that are no JSON, after what an earlier process wrote', async () => {
    writeFileSync(log(), '{"ready":true,"port":1}\n');
    const from = await endOf(log());
    appendFileSync(log(), 'building\n5\nnull\n{"ready":false}\n{"ready":true,"port":2}\n{"rea');
    expect(await findReadyLine(log(), from)).toEqual({ ready: true, port: 2 });
  });

  test('is not there before it is complete', async () => {
    writeFileSync(log(), '{"ready":true,"port"');
    await expect(findReadyLine(log(), 0)).rejects.toThrow('it has not said that it is ready');
  });

  test('may come to a log that does not exist yet', async () => {
    expect(await endOf(log())).toBe(0);
    await expect(findReadyLine(log(), 0)).rejects.toThrow('ENOENT');
  });
});
