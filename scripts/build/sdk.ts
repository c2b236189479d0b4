/**
 * The SDK in one CommonJS file, which a program may `require` without flags, and which Jest can load. ES modules import the
 * same file through a facade: a program that does both has one `RingfenceError`, and `instanceof` holds.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';

/** What the SDK leaves to the program that installs it. */
const EXTERNAL = ['zod', '@temporalio/client', '@temporalio/envconfig'];

export const FACADE = `export { connectTemporal, ERROR_CODES, Page, Ringfence, RingfenceError } from './index.cjs';\n`;

export interface Sdk {
  readonly code: string;
  readonly metafile: Metafile;
}

/** @param root the directory of the clone */
export async function bundleSdk(root: string): Promise<Sdk> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['client/index.ts'],
    bundle: true,
    external: EXTERNAL,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    // Jest runs no `import()` in CommonJS: what is loaded on demand is required on demand.
    supported: { 'dynamic-import': false },
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  return { code: outputFiles[0]!.text, metafile };
}

/** @param folder takes `index.cjs` and `index.js` */
export async function writeSdk(root: string, folder: string): Promise<void> {
  const { code } = await bundleSdk(root);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'index.cjs'), code);
  await writeFile(join(folder, 'index.js'), FACADE);
}
