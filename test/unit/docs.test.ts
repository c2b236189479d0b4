import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import type { z } from 'zod';
import { PAGES, withFigures } from '../../bench/figures/write.ts';
import { GatewayConfig } from '../../gateway/config.ts';
import { TruedyEnv } from '../../providers/from-env.ts';
import { TruedyConfig } from '../../providers/truedy/config.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { apiPage } from '../../scripts/api-docs/page.ts';
import { readDescription } from '../../scripts/write-api-docs.ts';
import { cliPage } from '../../scripts/write-cli-docs.ts';
import { SimulatorOptions } from '../../simulator/options.ts';
import { SEARCH_ATTRIBUTES } from '../../worker/search-attributes.ts';
import { WorkerConfig } from '../../worker/config.ts';
import { blocks, headings, links, section, tableRows, unquoted } from '../support/probes/markdown.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...markdownUnder('docs')];

const unmarked = (cell: string) => cell.replaceAll('*', '');

function markdownUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
}

describe('links', () => {
  const local = pages.flatMap((page) =>
    links(read(page))
      .filter((target) => !/^https?:/.test(target))
      .map((target) => [page, target] as const),
  );

  it.each(local)('%s leads to %s', (page, target) => {
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path));
    expect(existsSync(join(ROOT, file)), `${file} exists`).toBe(true);
    if (anchor !== undefined) expect(headings(read(file))).toContain(anchor);
  });

  it('lead to every page and every picture', () => {
    const reached = new Set(local.map(([page, target]) => join(dirname(page), target.split('#')[0]!)));
    const pictures = readdirSync(join(ROOT, 'docs/images')).map((name) => join('docs/images', name));
    const decisions = pages.filter((page) => page.startsWith('docs/adr/'));
    const wanted = [...pages.filter((page) => page !== 'README.md' && !decisions.includes(page)), ...pictures];
    expect(wanted.filter((file) => !reached.has(file))).toEqual([]);
    expect(reached).toContain('docs/adr/');
  });
});

describe('README', () => {
  it('is short enough to be read', () => {
    expect(read('README.md').split('\n').length).toBeLessThan(150);
  });

  it('says how each promise is kept', () => {
    const promises = tableRows(section(read('README.md'), 'Promises'));
    const numbers = Array.from({ length: 15 }, (_, index) => `P${index + 1}`);
    expect(promises.map(([number]) => number)).toEqual(numbers);
    expect(promises.filter(([, , how]) => links(how ?? '').length === 0)).toEqual([]);
  });
});

describe('files named in the documents', () => {
  const named = pages
    .filter((page) => page !== 'CHANGELOG.md')
    .flatMap((page) =>
      [...read(page).matchAll(/`((?:[\w-]+\/)+[\w-]+\.(?:ts|sql|mjs))`/g)].map(([, file]) => [page, file!] as const),
    );

  it.each(named)('%s names %s', (_, file) => {
    expect(existsSync(join(ROOT, file))).toBe(true);
  });
});

describe('glossary', () => {
  const terms = tableRows(read('docs/glossary.md')).flatMap(([term]) => unmarked(term!).split(', '));

  it('explains each term once', () => {
    expect(terms.length).toBeGreaterThanOrEqual(30);
    expect(terms.filter((term, index) => terms.indexOf(term) !== index)).toEqual([]);
  });

  it.each(['README.md', 'docs/architecture.md'])('is linked from %s', (page) => {
    expect(links(read(page)).map((target) => basename(target))).toContain('glossary.md');
  });
});

describe('failure modes', () => {
  const rows = tableRows(read('docs/failure-modes.md')).map((cells) => [cells[0]!, cells.at(-1)!] as const);

  it.each(rows)('%s: its test exists', (_, shownBy) => {
    expectTest(shownBy);
  });
});

/** Holds a cell that names a file and a title to what is there. */
function expectTest(cell: string): string {
  const named = /^`([^`]+)`: "(.+)"$/.exec(cell);
  expect(named, 'the cell names a file and a title').not.toBeNull();
  const [, file, title] = named!;
  const source = read(file!);
  expect(["'", '"', '`'].some((quote) => source.includes(quote + title! + quote))).toBe(true);
  return file!;
}

describe('the tests', () => {
  const page = read('CONTRIBUTING.md');

  it('of each promise exist, and are not among the long ones', () => {
    const promises = tableRows(section(read('README.md'), 'Promises')).map(([name]) => name!);
    const shown = tableRows(section(page, 'Tests')).filter(([name]) => promises.includes(name!));
    expect(shown.map(([name]) => name)).toEqual(promises);
    for (const [, test] of shown) expect(expectTest(test!)).not.toContain('.long.');
  });

  it('that are long are listed', () => {
    const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.long.test.ts'))
      .map((name) => join('test', name));
    const listed = tableRows(section(page, 'Long tests')).map(([file]) => unquoted(file!));
    expect(listed.filter((file) => file.includes('.long.')).sort()).toEqual(files.sort());
  });
});

describe('settings', () => {
  const page = read('docs/operations.md');
  const told = (title: string) =>
    Object.fromEntries(tableRows(section(page, title)).map(([name, value]) => [unquoted(name!), unquoted(value!)]));

  /** What each variable is when it is left out; `given` are those that must not be. */
  function defaults(schema: z.ZodObject, given: Readonly<Record<string, string>>): Record<string, string> {
    const read = schema.parse(given);
    return Object.fromEntries(
      Object.keys(schema.shape).map((name) => {
        if (name in given) return [name, 'required'];
        const value = read[name];
        return [name, typeof value === 'string' || typeof value === 'number' ? `${value}` : 'none'];
      }),
    );
  }

  test('of the worker', () => {
    expect(told('Worker')).toEqual(defaults(WorkerConfig, { DATABASE_URL: 'postgres://x' }));
  });

  test('of the gateway', () => {
    expect(told('Gateway')).toEqual(defaults(GatewayConfig, { DATABASE_URL: 'postgres://x' }));
  });

  test('of the provider', () => {
    const given = { TRUEDY_BASE_URL: 'https://x', TRUEDY_API_KEY: 'x', TRUEDY_WEBHOOK_SECRETS: 'whsec_x' };
    const config = TruedyConfig.parse({ baseUrl: 'https://x', apiKey: 'x', webhookSecrets: ['whsec_x'] });
    expect(told('Provider')).toEqual({
      ...defaults(TruedyEnv, given),
      TRUEDY_REQUEST_TIMEOUT: String(config.requestTimeoutMs / 1000),
      TRUEDY_QUEUE_BOUND: String(config.queueBoundMs / 1000),
      TRUEDY_MAX_DURATION: String(config.maxDurationS),
      TRUEDY_JOIN_TIMEOUT: String(config.joinTimeoutS),
      TRUEDY_KEY_TTL: String(config.keyTtlMs / 1000),
    });
  });

  test('of the simulator', () => {
    const flags = [...read('simulator/main.ts').matchAll(/^ {2}'?([a-z-]+)'?: \{ type: 'string' \}/gm)].map(
      ([, flag]) => `SIMULATOR_${flag!.toUpperCase().replaceAll('-', '_')}`,
    );
    const options = SimulatorOptions.parse({});
    const simulator = told('Simulator');
    expect(new Set(Object.keys(simulator))).toEqual(new Set(flags));
    expect(simulator).toMatchObject({
      SIMULATOR_CARRIER: options.carrier,
      SIMULATOR_ACCOUNT: options.account,
      SIMULATOR_SEED: options.seed,
      SIMULATOR_TIME_SCALE: String(options.timeScale),
      SIMULATOR_API_KEY: options.apiKey,
      SIMULATOR_KEY_TTL_MS: String(options.keyTtlMs),
    });
  });

  test('search attributes', () => {
    expect(SEARCH_ATTRIBUTES.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('operations', () => {
  it('name for Yarn 1 the release that the package itself depends on', () => {
    const [told] = blocks(section(read('docs/operations.md'), 'The packages'), 'json');
    const dependency = packageJson.dependencies['light-my-request'];
    expect(JSON.parse(told!)).toEqual({ resolutions: { 'light-my-request': dependency } });
  });
});

describe('architecture', () => {
  const decisions = tableRows(section(read('docs/architecture.md'), 'Where it is decided')).map((cells) =>
    cells.map(unquoted),
  );

  it('answers at least ten questions', () => {
    expect(decisions.length).toBeGreaterThanOrEqual(10);
  });

  it.each(decisions)('%s In %s, function %s', (_, file, name) => {
    // A function, or a method of a class.
    expect(read(file)).toMatch(new RegExp(`^(?:export )?(?:async )?function\\*? ${name}\\(|^  ${name}\\(`, 'm'));
  });

  it('knows every table', () => {
    const migrations = readdirSync(join(ROOT, 'db/migrations')).map((file) => read(`db/migrations/${file}`));
    const tables = migrations.flatMap((sql) => [...sql.matchAll(/^create table (\w+)/gm)].map(([, name]) => name));
    const told = tableRows(section(read('docs/architecture.md'), 'Data model')).flatMap(([names]) =>
      names!.split(', ').map(unquoted),
    );
    expect(new Set(told)).toEqual(new Set(tables));
  });
});

test('docs/api.md is what scripts/write-api-docs.ts writes', async () => {
  expect(apiPage(await readDescription())).toBe(read('docs/api.md'));
});

test('docs/cli.md is what scripts/write-cli-docs.ts writes', async () => {
  expect(await cliPage()).toBe(read('docs/cli.md'));
});

test.each(PAGES)('%s has the figures of bench/results', (page) => {
  expect(withFigures(read(page))).toBe(read(page));
});
