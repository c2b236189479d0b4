import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StartHarness } from '../support/harness/start-harness.ts';
import { VERDICT } from '../support/probes/verdict.ts';

let starts: StartHarness;
beforeEach(async () => {
  starts = await StartHarness.open();
});
afterEach(() => starts.close());

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
    const start = starts.npmStart('--exit');
    expect(await start.ended(), start.output).toBe(0);
    await starts.expectNothingLeft(start);

    const verdict = JSON.parse(start.output.trimEnd().split('\n').at(-1)!) as Record<string, number>;
    expect(verdict).toEqual(VERDICT);
    expect(Object.keys(verdict)).toEqual(Object.keys(VERDICT));
    expect(verdict.completed! + verdict.failed!).toBe(verdict.contacts);
    expect(verdict.accepted).toBeGreaterThan(verdict.contacts!);
    expect(verdict.peak_in_flight).toBeLessThanOrEqual(verdict.max_concurrent_calls!);

    const logs = await readdir(join(starts.home, 'logs'));
    expect(logs).toEqual(expect.arrayContaining(['gateway.log', 'simulator.log', 'worker.log']));
    const people = await personalData();
    expect(people.length).toBeGreaterThan(200);
    for (const name of logs) {
      const log = await readFile(join(starts.home, 'logs', name), 'utf8');
      expect(
        people.filter((pattern) => pattern.test(log)),
        name,
      ).toEqual([]);
    }
  });
});
