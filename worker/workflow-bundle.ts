/**
 * The campaign's workflow in the one file that workers load. Building it takes seconds of both cores, so what was built is
 * kept beside the sources under a name made of everything that went into it: whatever changes, the name is another, and an
 * old bundle is never found again.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, Runtime } from '@temporalio/worker';

/** A bundle as workers take it. */
export interface WorkflowBundle {
  /** With its source map inline. */
  readonly code: string;
  /** Not used by workers any more, yet asked for by their types. */
  readonly sourceMap: string;
}

const ROOT = new URL('../', import.meta.url);
/** All that the bundle is made of, apart from packages. A test compares it with the bundle's own list. */
export const BUNDLED = ['domain/', 'workflows/'];
/** npm writes it after each installation; it names the packages that are really there. */
const INSTALLED = 'node_modules/.package-lock.json';
const KEPT = '.ringfence/workflows/';
/** Where this program is compiled, the build has made the bundle too (scripts/build.ts), and there are no sources. */
const SHIPPED = import.meta.url.endsWith('.js') ? new URL('workflows/bundle.js', ROOT) : null;

/**
 * Returns the bundle that was shipped, or that of the sources as they are now: the one that was built before, or a new one.
 * @param root folder of the sources. Default: that of this program.
 */
export async function workflowBundle(root: URL = ROOT): Promise<WorkflowBundle> {
  if (SHIPPED) return asBundle(await readFile(SHIPPED, 'utf8'));
  const key = await keyOf(root);
  if (key === null) return buildWorkflowBundle(root);
  const kept = await readIfThere(new URL(`${KEPT}${key}.js`, root));
  if (kept !== null) return asBundle(kept);
  const bundle = await buildWorkflowBundle(root);
  // What was changed while it was built may or may not be in it.
  if ((await keyOf(root)) === key) await keep(root, `${key}.js`, bundle.code);
  return bundle;
}

/** Builds the bundle from its sources, whatever was built before. */
export async function buildWorkflowBundle(root: URL = ROOT): Promise<WorkflowBundle> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('workflows/index.ts', root)),
    // Only inside workflows; everything else reads and writes as Temporal does by default, and the two agree.
    payloadConverterPath: fileURLToPath(new URL('workflows/payload-converter.ts', root)),
    logger: Runtime.instance().logger,
  });
  return asBundle(code);
}

/** Null where nobody can say what would go into a bundle. */
async function keyOf(root: URL): Promise<string | null> {
  const installed = await readIfThere(new URL(INSTALLED, root));
  if (installed === null) return null;
  // Where the sources lie stands in stack traces.
  const hash = createHash('sha256').update(`${root.href}\0${installed}`);
  hash.update(await readFile(new URL(import.meta.url)));
  for (const folder of BUNDLED) {
    const paths = await readdir(new URL(folder, root), { recursive: true });
    // A folder has no extension, and what has none cannot be imported.
    for (const path of paths.filter((path) => extname(path) !== '').sort()) {
      hash.update(`\0${folder}${path}\0`).update(await readFile(new URL(folder + path, root)));
    }
  }
  return hash.digest('hex').slice(0, 32);
}

/** A place that cannot be written to costs the next start a build, and nothing else. */
async function keep(root: URL, name: string, code: string): Promise<void> {
  const directory = new URL(KEPT, root);
  // Moved into place when it is whole: others may be looking for it at this moment.
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
