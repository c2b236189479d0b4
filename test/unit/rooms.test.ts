/** The rooms of docs/architecture.md: what its table says, what the linter refuses and what is imported are one and the same. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Room {
  readonly name: string;
  readonly imports: readonly string[];
  /** Those of them of which types alone are imported. */
  readonly typesOnly: readonly string[];
}

const LAYOUT = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8').split('\n## Layout\n')[1]!.split('\n## ')[0]!;
const ROOMS: readonly Room[] = [...LAYOUT.matchAll(/^\| `(?<name>[\w/-]+)\/`\s*\|[^|]*\|(?<imports>[^|]*)\|$/gm)].map(
  ({ groups }) => ({
    name: groups!.name!,
    imports: [...groups!.imports!.matchAll(/`([\w/-]+)\/`/g)].map(([, room]) => room!),
    typesOnly: [...groups!.imports!.matchAll(/`([\w/-]+)\/` \(types\)/g)].map(([, room]) => room!),
  }),
);
const NAMES = ROOMS.map(({ name }) => name);

/** Files of TypeScript below a folder, its subfolders included. */
const sources = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`);

const roomOf = (path: string): string | undefined => NAMES.find((name) => path.startsWith(`${name}/`));

/** Every import from one room into another, those on demand included. */
function imports(): { from: string; to: string; type: boolean; file: string }[] {
  const files = NAMES.flatMap(sources);
  return files.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    return [
      ...text.matchAll(/^(?:import|export) (type )?[^;]*?from '(\.[^']+)'/gms),
      ...text.matchAll(/\bimport\((type )?'(\.[^']+)'/g),
    ].flatMap(([, type, specifier]) => {
      const [from, to] = [roomOf(file), roomOf(posix.join(dirname(file), specifier!))];
      return from === undefined || to === undefined || from === to
        ? []
        : [{ from, to, type: type !== undefined, file }];
    });
  });
}

describe('the table of rooms', () => {
  it('has a row for every room', () => {
    const others = ['test', 'bench', 'examples', 'scripts', 'docs', 'packages', 'dist', 'node_modules'];
    const folders = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const top = folders.map(({ name }) => name).filter((name) => !name.startsWith('.') && !others.includes(name));
    const rooms = top.flatMap(sources).map((file) => roomOf(file) ?? dirname(file));
    expect([...new Set(rooms)].toSorted()).toEqual(NAMES.toSorted());
  });

  it.each(ROOMS)('says what $name/ imports', ({ name, imports: stated, typesOnly }) => {
    const real = imports().filter(({ from }) => from === name);
    expect([...new Set(real.map(({ to }) => to))].toSorted()).toEqual(stated.toSorted());
    expect(real.filter(({ to, type }) => typesOnly.includes(to) && !type)).toEqual([]);
  });

  it('lets no room import itself by way of others, types of activities excepted', () => {
    const reach = (room: string, seen: Set<string>): Set<string> => {
      const { imports: next = [], typesOnly = [] } = ROOMS.find(({ name }) => name === room) ?? {};
      for (const other of next) {
        if (typesOnly.includes(other) || seen.has(other)) continue;
        seen.add(other);
        reach(other, seen);
      }
      return seen;
    };
    expect(NAMES.filter((name) => reach(name, new Set()).has(name))).toEqual([]);
  });
});

describe('the linter', () => {
  const home = mkdtempSync(join(tmpdir(), 'ringfence-rooms-'));
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  /** The probes that are refused, each a file of the given name with one import. */
  function refused(probes: readonly { readonly file: string; readonly specifier: string; readonly type?: true }[]) {
    copyFileSync(join(ROOT, '.oxlintrc.json'), join(home, '.oxlintrc.json'));
    for (const { file, specifier, type } of probes) {
      mkdirSync(join(home, dirname(file)), { recursive: true });
      const keyword = type ? 'import type' : 'import';
      writeFileSync(
        join(home, file),
        `${keyword} { x } from '${specifier}';\nexport const y = ${type ? 'null as x' : 'x'};\n`,
      );
    }
    const run = spawnLinter();
    return probes.map(({ file }) => file).filter((file) => run.includes(file));
  }

  function spawnLinter(): string[] {
    const linter = join(ROOT, 'node_modules/.bin/oxlint');
    try {
      execFileSync(linter, ['--format', 'json', home], { cwd: home, encoding: 'utf8', maxBuffer: 64 << 20 });
      return [];
    } catch (error) {
      const { diagnostics } = JSON.parse((error as { stdout: string }).stdout) as {
        diagnostics: { code: string; filename: string }[];
      };
      return diagnostics
        .filter(({ code }) => code.includes('no-restricted-imports'))
        .map(({ filename }) => relative(home, join(home, filename)));
    }
  }

  const pairs = ROOMS.flatMap((from) => NAMES.filter((to) => to !== from.name).map((to) => ({ from, to })));
  const probeOf = (from: string, to: string, type?: true) => ({
    file: `${from}/probe-${to.replace('/', '-')}${type ? '-type' : ''}.ts`,
    specifier: posix.relative(from, `${to}/x.ts`).replace(/^(?!\.)/, './'),
    ...(type ? { type } : {}),
  });

  it('refuses every other import between rooms, of types too, and no more', () => {
    const probes = pairs.flatMap(({ from, to }) => [probeOf(from.name, to), probeOf(from.name, to, true)]);
    const others = pairs.filter(({ from, to }) => !from.imports.includes(to));
    expect(refused(probes).toSorted()).toEqual(
      others.flatMap(({ from, to }) => [probeOf(from.name, to).file, probeOf(from.name, to, true).file]).toSorted(),
    );
  });

  it('keeps zone data from what is replayed, straight and through a third file', () => {
    const probes = [
      { file: 'workflows/zones.ts', specifier: 'luxon' },
      { file: 'workflows/third.ts', specifier: '../domain/windows/zone-data.ts' },
      { file: 'domain/engine/zones.ts', specifier: 'moment-timezone' },
      { file: 'domain/engine/third.ts', specifier: '../windows/zone-name.ts' },
      { file: 'domain/engine/numbers.ts', specifier: 'libphonenumber-js/max' },
      { file: 'simulator/third.ts', specifier: '../domain/engine/ids.ts' },
      { file: 'client/third.ts', specifier: '../worker/defaults.ts' },
      { file: 'domain/api/database.ts', specifier: 'pg' },
    ];
    expect(refused(probes)).toEqual(probes.map(({ file }) => file));
  });
});

it('what is replayed imports zod and nothing else', () => {
  const packages = sources('domain/engine').flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/from '([^.'][^']*)'/g)].map(([, name]) => name),
  );
  expect(new Set(packages)).toEqual(new Set(['zod']));
});
