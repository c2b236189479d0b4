/** What the command line loads before it knows what it is asked for, and what each group of commands loads before it acts. */
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { beforeAll, expect, it } from 'vitest';

const GROUPS = ['campaigns', 'contacts', 'connections', 'windows', 'keys', 'doctor'];

let inputs: Metafile['inputs'];
beforeAll(async () => {
  const { metafile } = await build({
    absWorkingDir: fileURLToPath(new URL('../..', import.meta.url)),
    entryPoints: ['cli/main.ts', ...GROUPS.map((group) => `cli/${group}.ts`)],
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    outdir: 'none',
    write: false,
    metafile: true,
  });
  ({ inputs } = metafile);
});

/** The packages that are loaded with a file, those that it loads on demand excepted. */
function packagesOf(file: string): string[] {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { path: next, kind, external } of inputs[path]!.imports) {
      if (kind === 'dynamic-import' || next.startsWith('node:')) continue;
      if (external) packages.add(next);
      else visit(next);
    }
  };
  visit(file);
  return [...packages].toSorted();
}

it.each([
  ['main', ['commander', 'picocolors']],
  ['campaigns', ['commander', 'zod']],
  ['contacts', ['commander', 'zod']],
  ['connections', ['commander', 'zod']],
  [
    'windows',
    ['commander', 'date-holidays', 'date-holidays/package.json', 'moment-timezone/data/packed/latest.json', 'zod'],
  ],
  ['keys', ['commander', 'zod']],
  ['doctor', ['commander', 'picocolors']],
])('cli/%s.ts loads %j', (name, packages) => {
  expect(packagesOf(`cli/${name}.ts`)).toEqual(packages);
});
