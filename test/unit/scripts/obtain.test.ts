import { expect, test } from 'vitest';
import { TEMPORAL_CLI } from '../../../scripts/binaries/binary.ts';
import { obtain, reasonOf, type Way } from '../../../scripts/binaries/obtain.ts';

/** Ways that note in which order they are tried. */
function ways(outcomes: Readonly<Record<string, 'found' | 'not asked for' | 'failed' | 'failed though chosen'>>) {
  const tried: string[] = [];
  const list = Object.entries(outcomes).map(([name, outcome]): Way => ({
    name,
    chosen: outcome === 'failed though chosen',
    find() {
      tried.push(name);
      if (outcome === 'found') return Promise.resolve({ path: `/${name}`, source: name });
      if (outcome === 'not asked for') return Promise.resolve(null);
      return Promise.reject(new Error(`${name} is out of order`));
    },
  }));
  return { tried, list };
}

test('the first way that finds something ends the search', async () => {
  const { tried, list } = ways({ a: 'not asked for', b: 'failed', c: 'found', d: 'found' });
  expect(await obtain(TEMPORAL_CLI, list)).toEqual({ path: '/c', source: 'c' });
  expect(tried).toEqual(['a', 'b', 'c']);
});

test('nothing replaces what the user named', async () => {
  const { tried, list } = ways({ a: 'failed though chosen', b: 'found' });
  await expect(obtain(TEMPORAL_CLI, list)).rejects.toThrow('a: a is out of order');
  expect(tried).toEqual(['a']);
});

test('when nothing works the error lists each way with its reason, and the way out', async () => {
  const { list } = ways({ a: 'failed', b: 'not asked for', c: 'failed' });
  const message = await obtain(TEMPORAL_CLI, list).catch((error: Error) => error.message);
  expect(message).toContain('- a: a is out of order');
  expect(message).toContain('- c: c is out of order');
  expect(message).not.toContain('- b');
  expect(message).toContain('TEMPORAL_CLI');
});

test('a failed fetch is explained by its cause', () => {
  expect(reasonOf(new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND a.host') }))).toBe(
    'getaddrinfo ENOTFOUND a.host',
  );
});
