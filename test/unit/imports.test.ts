/** How files import each other: no cycles, and nothing in the product that tests alone use. */
import { readFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, PRODUCT, ROOT } from '../support/probes/sources.ts';

const TOOLS = ['simulator', 'scripts', 'bench', 'examples', 'test'];

interface Import {
  readonly to: string;
  readonly names: readonly string[];
}

interface Source {
  readonly file: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

function readSource(file: string): Source {
  const text = readFileSync(`${ROOT}/${file}`, 'utf8');
  const imports = [
    ...text.matchAll(/^(?:import|export)\s(?<what>[^;'"]*?)\sfrom\s'(?<specifier>\.[^']+)'/gm),
    ...text.matchAll(/(?:const (?<what>\{[^}]*\}) = await )?import\('(?<specifier>\.[^']+)'\)/g),
  ].map(({ groups }) => ({
    to: posix.join(dirname(file), groups!.specifier!),
    names: namesOf(groups!.what ?? '*'),
  }));
  return { file, text, imports };
}

/** `{ type A, b as c }` brings `A` and `b`; a namespace brings everything. */
function namesOf(clause: string): string[] {
  if (!clause.includes('{')) return ['*'];
  const list = clause.slice(clause.indexOf('{') + 1, clause.indexOf('}'));
  return [...list.matchAll(/(?:type\s+)?(?<name>\w+)(?:(?:\s+as\s+|:\s*)\w+)?/g)].map(({ groups }) => groups!.name!);
}

const product = PRODUCT.flatMap(filesBelow).map(readSource);
const tools = TOOLS.flatMap(filesBelow).map(readSource);
const all = [...product, ...tools];

/** Files that import each other, types included, each group with its shortest way round. */
function cycles(): string[][] {
  const graph = new Map(all.map(({ file, imports }) => [file, imports.map(({ to }) => to)]));
  const wayRound = (start: string): string[] | null => {
    const before = new Map<string, string>();
    const queue = [start];
    for (const file of queue) {
      for (const next of graph.get(file) ?? []) {
        if (next === start) {
          const way = [file];
          while (way[0] !== start) way.unshift(before.get(way[0]!)!);
          return way;
        }
        if (before.has(next)) continue;
        before.set(next, file);
        queue.push(next);
      }
    }
    return null;
  };
  const found = [...graph.keys()].flatMap((file) => {
    const way = wayRound(file);
    return way ? [way] : [];
  });
  return found;
}

describe('imports', () => {
  it('are found', () => {
    const edges = all.flatMap(({ imports }) => imports.map(({ to }) => to));
    const files = new Set(all.map(({ file }) => file));
    expect(edges.length).toBeGreaterThan(1_000);
    expect(edges.filter((to) => to.endsWith('.ts') && !files.has(to) && to !== 'vitest.config.ts')).toEqual([]);
  });

  it('make no cycle, types included', () => {
    expect(cycles()).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[^]*?\*\/|\/\/.*$/gm, '');
}

/** What programs import from the packages, and what the bundler and the server load by path. */
const ENTRIES = [
  'client/index.ts',
  'worker/index.ts',
  'gateway/index.ts',
  'workflows/index.ts',
  'workflows/payload-converter.ts',
];

describe('an export of the product', () => {
  const used = (sources: readonly Source[]) => {
    const uses = new Map<string, Set<string>>();
    for (const { imports } of sources) {
      for (const { to, names } of imports) {
        const known = uses.get(to) ?? new Set();
        for (const name of names) known.add(name);
        uses.set(to, known);
      }
    }
    return (file: string, name: string) => uses.get(file)?.has(name) === true || uses.get(file)?.has('*') === true;
  };

  it('is used by the product or a tool, not by tests alone', () => {
    const byTests = used(all.filter(({ file }) => file.startsWith('test/')));
    const byOthers = used(all.filter(({ file }) => !file.startsWith('test/')));
    const forTestsAlone = product
      .filter(({ file }) => !ENTRIES.includes(file))
      .flatMap(({ file, text }) =>
        [...text.matchAll(/^export (?:async )?(?:const|function\*?|class|interface|type) (?<name>\w+)/gm)]
          .map(({ groups }) => groups!.name!)
          .filter((name) => byTests(file, name) && !byOthers(file, name))
          // Exported for a test, but used in its own file: it is part of the product.
          .filter((name) => [...withoutComments(text).matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length < 2)
          .map((name) => `${file}: ${name}`),
      );
    expect(forTestsAlone).toEqual([]);
  });
});
