import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A relative specifier in a declaration, which names the source: `from './x.ts'` or `import("./x.ts")`. */
const RELATIVE = /(?<=(?:from |import\()['"])(?<path>\.\.?\/[^'"]+)\.ts(?=['"])/g;

/**
 * Copies the declarations that `entry` reaches, twice: as `.d.ts` for a program of ES modules and as `.d.cts` for one of
 * CommonJS. TypeScript takes a `.d.ts` below `"type": "module"` for an ES module, which CommonJS may not require.
 *
 * @param from folder of the compiler's output
 * @param entry declaration of the entry, relative to it
 * @param to folder that mirrors it
 */
export async function copyDeclarations(from: string, entry: string, to: string): Promise<void> {
  const reached = new Set<string>();
  const pending = [entry];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    const text = await readFile(join(from, file), 'utf8');
    for (const { groups } of text.matchAll(RELATIVE)) pending.push(join(dirname(file), `${groups!.path}.d.ts`));
    await mkdir(join(to, dirname(file)), { recursive: true });
    await writeFile(join(to, file), text.replaceAll(RELATIVE, '$<path>.js'));
    const forRequire = join(dirname(file), `${basename(file, '.d.ts')}.d.cts`);
    await writeFile(join(to, forRequire), text.replaceAll(RELATIVE, '$<path>.cjs'));
  }
}
