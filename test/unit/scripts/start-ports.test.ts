import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { keepPorts, portOf, readPorts } from '../../../scripts/start/ports.ts';

const home = mkdtempSync(join(tmpdir(), 'ringfence-ports-'));
afterAll(() => rmSync(home, { recursive: true }));
const USUAL = { gateway: 8080, simulator: 8090, temporal: 7233, webUi: 8233, postgres: 5432 };

describe('the ports of a home', () => {
  test('are the usual ones at first, and then those of the last start', async () => {
    expect(await readPorts(home)).toEqual(USUAL);
    await keepPorts(home, USUAL, { gateway: 'http://127.0.0.1:8082', temporal: '127.0.0.1:7300', webUi: '' });
    expect(await readPorts(home)).toEqual({ ...USUAL, gateway: 8082, temporal: 7300 });
  });

  test.each<[string, string]>([
    ['no JSON', '{'],
    ['no object', '7'],
    ['ports that are none', '{"gateway": "8080", "simulator": 70000}'],
  ])('are the usual ones where the file holds %s', async (_, text) => {
    writeFileSync(join(home, 'ports.json'), text);
    expect(await readPorts(home)).toEqual(USUAL);
  });
});

test.each<[string, number | null]>([
  ['127.0.0.1:7233', 7233],
  ['http://127.0.0.1:8080/api', 8080],
  ['postgres://ringfence@127.0.0.1:5433/ringfence', 5433],
  ['', null],
])('the port of %o is %o', (address, port) => {
  expect(portOf(address)).toBe(port);
});
