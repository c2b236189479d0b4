/** What a program installs and loads with the SDK: zod, and Temporal's packages where it connects to Temporal. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import clientManifest from '../../packages/client/package.json' with { type: 'json' };
import rootManifest from '../../package.json' with { type: 'json' };
import * as sdk from '../../client/index.ts';
import { copyDeclarations } from '../../scripts/build/declarations.ts';
import { bundleSdk, FACADE } from '../../scripts/build/sdk.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { metafile } = await bundleSdk(ROOT);
const imports = Object.values(metafile.inputs)
  .flatMap((input) => input.imports)
  .filter(({ path, external }) => external && !path.startsWith('node:'));

it('imports the dependencies of its package, and the optional ones on demand', () => {
  const always = imports.filter(({ kind }) => kind !== 'dynamic-import');
  const onDemand = imports.filter(({ kind }) => kind === 'dynamic-import');
  expect([...new Set(always.map(({ path }) => path))]).toEqual(Object.keys(clientManifest.dependencies));
  expect([...new Set(onDemand.map(({ path }) => path))].toSorted()).toEqual(
    Object.keys(clientManifest.peerDependencies),
  );
  expect(Object.keys(clientManifest.peerDependenciesMeta)).toEqual(Object.keys(clientManifest.peerDependencies));
});

it('contains code of this repository alone, without the zone data', () => {
  const foreign = Object.keys(metafile.inputs).filter((file) => !/^(?:client|domain|workflows)\//.test(file));
  expect(foreign).toEqual([]);
  expect(Object.keys(metafile.inputs).filter((file) => file.startsWith('domain/windows/'))).toEqual([]);
});

it('has types that need those of its dependencies alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringfence-types-'));
  const options = { declaration: true, emitDeclarationOnly: true, noEmit: false, noCheck: true };
  const roots = { rootDir: ROOT, outDir: join(folder, 'out'), typeRoots: [join(ROOT, 'node_modules/@types')] };
  const settings = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: { ...options, ...roots },
    include: [join(ROOT, 'client/index.ts')],
    exclude: [],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  await promisify(execFile)(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '--project', folder]);
  await copyDeclarations(join(folder, 'out'), 'client/index.d.ts', join(folder, 'reached'));
  const files = await readdir(join(folder, 'reached'), { recursive: true });
  const texts = await Promise.all(
    files.filter((file) => file.endsWith('.d.ts')).map((file) => readFile(join(folder, 'reached', file), 'utf8')),
  );
  const packages = texts.flatMap((text) =>
    [...text.matchAll(/(?:from |import\()['"]([^.'"][^'"]*)/g)].map(([, name]) => name),
  );
  expect([...new Set(packages)]).toEqual(Object.keys(clientManifest.dependencies));
  await rm(folder, { recursive: true });
});

it('gives ES modules what it gives CommonJS', () => {
  const names = /\{(?<names>[^}]*)\}/
    .exec(FACADE)!
    .groups!.names!.split(',')
    .map((name) => name.trim());
  expect(names.toSorted()).toEqual(Object.keys(sdk).toSorted());
});

it('has the version and the needs of the other package', () => {
  const { version, license, engines, dependencies } = rootManifest;
  expect(clientManifest).toMatchObject({ version, license, engines });
  expect(clientManifest.dependencies.zod).toBe(`^${dependencies.zod}`);
  for (const [name, range] of Object.entries(clientManifest.peerDependencies)) {
    expect(range).toBe(`^${dependencies[name as keyof typeof dependencies]}`);
  }
});
