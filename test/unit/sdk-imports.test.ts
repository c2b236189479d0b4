/** What a program installs and loads with the SDK: zod, and Temporal's packages where it connects to Temporal. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import clientManifest from '../../packages/client/package.json' with { type: 'json' };
import rootManifest from '../../package.json' with { type: 'json' };
import * as sdk from '../../client/index.ts';
import { bundleSdk, FACADE } from '../../scripts/build/sdk.ts';

const { metafile } = await bundleSdk(fileURLToPath(new URL('../..', import.meta.url)));
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
