import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, test } from 'vitest';
import { ON_NODE_24 } from '../../../../scripts/test-long/node-24.ts';

const TESTS = fileURLToPath(new URL('../../..', import.meta.url));
const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join('test', name));

// Vitest says nothing of a filter that no file matches.
it.each(ON_NODE_24)('%s names tests that exist', (filter) => {
  expect(files.some((file) => file.includes(filter))).toBe(true);
});

test('something of every project runs', () => {
  const run = files.filter((file) => ON_NODE_24.some((filter) => file.includes(filter)));
  const projects = (names: readonly string[]) => new Set(names.map((file) => file.split('/')[1]));
  expect(projects(run)).toEqual(projects(files));
});
