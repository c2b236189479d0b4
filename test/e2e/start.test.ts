import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { NpmStart } from '../support/harness/npm-start.ts';

const VERDICT = {
  contacts: expect.any(Number),
  accepted: expect.any(Number),
  duplicate_keys: 0,
  peak_in_flight: expect.any(Number),
  max_concurrent_calls: expect.any(Number),
  completed: expect.any(Number),
  failed: expect.any(Number),
  skipped: 0,
  agree: true,
};

let home: string;
let database: TestDatabase | null;
let started: NpmStart[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'ringfence-home-'));
  // Where the run was given a PostgreSQL there may be none to start; the start then gets a database on that one.
  database = process.env.DATABASE_URL ? await createTestDatabase() : null;
  started = [];
});
afterEach(async () => {
  await Promise.all(started.map((start) => start.cleanUp()));
  await database?.drop();
  await rm(home, { recursive: true, force: true });
});

function npmStart(...args: string[]): NpmStart {
  const start = new NpmStart(['--home', home, '--time-scale', '60', ...args], database?.url);
  started.push(start);
  return start;
}

async function expectNothingLeft(start: NpmStart): Promise<void> {
  // The guards of the children end on their own once they have seen the end.
  await vi.waitFor(() => expect(start.processes()).toEqual([]), { timeout: 5_000 });
  const left = await readdir(join(home, 'postgres')).catch(() => []);
  expect(left).not.toContain('postmaster.pid');
  expect(await readdir(home)).not.toContain('running.pid');
}

/** Ours ends with 0. Some shells, between npm and us, let npm know of the signal all the same. */
async function expectStopped(start: NpmStart): Promise<void> {
  expect([0, 'SIGINT'], start.output).toContain(await start.ended());
  await expectNothingLeft(start);
}

/** Numbers, e-mail addresses and names of the example's people, as they might stand in a log. */
async function personalData(): Promise<RegExp[]> {
  const rows = parse<Record<string, string>>(await readFile(new URL('../../examples/contacts.csv', import.meta.url)), {
    bom: true,
    columns: true,
    relax_column_count: true,
  });
  const digits = rows.map((row) => row.Phone!.replaceAll(/\D/g, '')).filter(({ length }) => length >= 10);
  const words = new Set(rows.flatMap((row) => [row['First Name']!, row['Last Name']!]).filter(Boolean));
  return [
    ...digits.map((number) => new RegExp(number.slice(0, 11).slice(-10))),
    ...[...words].map((word) => new RegExp(`(?<!\\p{L})${word}(?!\\p{L})`, 'u')),
    /@example\.(?:org|net|com)/,
  ];
}

describe('npm start', () => {
  test('shows a campaign to its end, leaves by itself with a verdict, and keeps people out of its logs', async () => {
    const start = npmStart('--exit');
    expect(await start.ended(), start.output).toBe(0);
    await expectNothingLeft(start);

    const verdict = JSON.parse(start.output.trimEnd().split('\n').at(-1)!) as Record<string, number>;
    expect(verdict).toEqual(VERDICT);
    expect(Object.keys(verdict)).toEqual(Object.keys(VERDICT));
    expect(verdict.completed! + verdict.failed!).toBe(verdict.contacts);
    expect(verdict.accepted).toBeGreaterThan(verdict.contacts!);
    expect(verdict.peak_in_flight).toBeLessThanOrEqual(verdict.max_concurrent_calls!);

    const logs = await readdir(join(home, 'logs'));
    expect(logs).toEqual(expect.arrayContaining(['gateway.log', 'simulator.log', 'worker.log']));
    const people = await personalData();
    expect(people.length).toBeGreaterThan(200);
    for (const name of logs) {
      const log = await readFile(join(home, 'logs', name), 'utf8');
      expect(
        people.filter((pattern) => pattern.test(log)),
        name,
      ).toEqual([]);
    }
  });

  test('stops everything on Ctrl-C; the next start goes on beside what it finds, and agrees', async () => {
    const first = npmStart();
    await first.untilSaid('First call after');
    first.pressCtrlC();
    await expectStopped(first);

    const second = npmStart('--exit');
    expect(await second.ended(), second.output).toBe(0);
    expect(JSON.parse(second.output.trimEnd().split('\n').at(-1)!)).toEqual(VERDICT);
    await expectNothingLeft(second);
  });

  test('tells of a process that ends by itself, and leaves with an error and nothing else running', async () => {
    const start = npmStart();
    await start.untilSaid('First call after');
    start.killProcess('gateway/main.js');
    expect(await start.ended()).toBe(1);
    expect(start.output).toContain('The gateway ended (signal SIGKILL). The end of');
    await expectNothingLeft(start);
  });

  test('lets one start at a time use its directory', async () => {
    const first = npmStart();
    await first.untilSaid('Temporal  ');
    const second = npmStart();
    expect(await second.ended()).toBe(1);
    expect(second.output).toContain('Stop it first, or pass another --home.');
    first.pressCtrlC();
    await expectStopped(first);
  });
});
