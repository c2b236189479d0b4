/** The README of the package names what the SDK has. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ERROR_CODES, Ringfence } from '../../../client/index.ts';
import { MAX_RETRIES } from '../../../client/http/repeats.ts';
import { tableRows } from '../../support/probes/markdown.ts';

const text = readFileSync(new URL('../../../packages/client/README.md', import.meta.url), 'utf8');
const names = (cell: string) => [...cell.matchAll(/`(?<name>\w+)`/g)].map(({ groups }) => groups!.name!);

it('lists every method of every resource', () => {
  const client = new Ringfence({ baseUrl: 'https://calls.example.com/api/public/v1', apiKey: 'any' });
  const resources = Object.entries(client).map(([name, resource]) => [
    name,
    Object.getOwnPropertyNames(Object.getPrototypeOf(resource))
      .filter((method) => method !== 'constructor')
      .toSorted(),
  ]);
  const listed = tableRows(text)
    .filter(([first = '']) => (names(first)[0] ?? '') in client)
    .map(([name = '', methods = '']) => [names(name)[0], names(methods).toSorted()]);
  expect(listed).toEqual(resources);
});

it('states the defaults and the codes that there are', () => {
  expect(text).toContain(`| \`maxRetries\` | repeats of one request | ${MAX_RETRIES} |`);
  const codes = names(text).filter((name) => /^[a-z]+_[a-z_]+$/.test(name));
  expect(['validation_error', 'api_unreachable'].every((code) => codes.includes(code) && code in ERROR_CODES)).toBe(
    true,
  );
});
