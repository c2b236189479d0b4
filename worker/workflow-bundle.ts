/**
 * The workflow bundle: the campaign's workflow in one file for workers. Building it takes seconds on both cores. So a
 * bundle is kept beside the sources, under a name that is a hash of everything in it: after any change the name
 * differs, and the old bundle is never found again.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, Runtime } from '@temporalio/worker';

/** A bundle in the form that workers accept. */
export interface WorkflowBundle {
  /** With its source map inline. */
  readonly code: string;
  /** Unused by workers, but required by their types. */
  readonly sourceMap: string;
}

const ROOT = new URL('../', import.meta.url);
/** All files in the bundle, apart from packages. A test compares this list with the bundle's own. */
export const BUNDLED = ['domain/', 'workflows/'];
/** npm writes it after each installation. It lists the installed packages. */
const INSTALLED = 'node_modules/.package-lock.json';
const KEPT = '.ringfence/workflows/';
/** A compiled program has a bundle from its build (scripts/build.ts) and no sources. */
const SHIPPED = import.meta.url.endsWith('.js') ? new URL('workflows/bundle.js', ROOT) : null;

/**
 * Returns the shipped bundle or, for sources, the kept one or a new one.
 *
 * @param root folder of the sources. Default: that of this program.
 */
export async function workflowBundle(root: URL = ROOT): Promise<WorkflowBundle> {
  if (SHIPPED) return asBundle(await readFile(SHIPPED, 'utf8'));
  const key = await keyOf(root);
  if (key === null) return buildWorkflowBundle(root);
  const kept = await readIfThere(new URL(`${KEPT}${key}.js`, root));
  if (kept !== null) return asBundle(kept);
  const bundle = await buildWorkflowBundle(root);
  // A change during the build may or may not be in the bundle.
  if ((await keyOf(root)) === key) await keep(root, `${key}.js`, bundle.code);
  return bundle;
}

/** Builds the bundle from its sources, whatever was built before. */
export async function buildWorkflowBundle(root: URL = ROOT): Promise<WorkflowBundle> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('workflows/index.ts', root)),
    // Only inside workflows. Everything else uses Temporal's default converter, which is compatible.
    payloadConverterPath: fileURLToPath(new URL('workflows/payload-converter.ts', root)),
    logger: Runtime.instance().logger,
  });
  return asBundle(code);
}

/** Null if the content of a bundle cannot be determined. */
async function keyOf(root: URL): Promise<string | null> {
  const installed = await readIfThere(new URL(INSTALLED, root));
  if (installed === null) return null;
  // Stack traces contain the location of the sources.
  const hash = createHash('sha256').update(`${root.href}\0${installed}`);
  hash.update(await readFile(new URL(import.meta.url)));
  for (const folder of BUNDLED) {
    const paths = await readdir(new URL(folder, root), { recursive: true });
    // Folders have no extension, and files without one cannot be imported.
    for (const path of paths.filter((path) => extname(path) !== '').sort()) {
      hash.update(`\0${folder}${path}\0`).update(await readFile(new URL(folder + path, root)));
    }
  }
  return hash.digest('hex').slice(0, 32);
}

/** If the folder is not writable, only the next start is slower: it builds again. */
async function keep(root: URL, name: string, code: string): Promise<void> {
  const directory = new URL(KEPT, root);
  // Moved into place when it is complete, because others may be looking for it at this moment.
  const draft = new URL(`${randomUUID()}.draft`, directory);
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(draft, code);
    const before = await readdir(directory);
    await rename(draft, new URL(name, directory));
    const old = before.filter((other) => other.endsWith('.js') && other !== name);
    await Promise.all(old.map((other) => rm(new URL(other, directory), { force: true })));
  } catch {
    await rm(draft, { force: true }).catch(() => {});
  }
}

async function readIfThere(file: URL): Promise<string | null> {
  return readFile(file, 'utf8').catch(() => null);
}

function asBundle(code: string): WorkflowBundle {
  return { code, sourceMap: '' };
}
