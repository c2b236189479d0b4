/** The main files of the program as child processes run them: compiled, so that none of them compiles as it loads. */
import { randomUUID } from 'node:crypto';
import { access, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compiledProgram } from '../compiled.mjs';

/** Where the compiled worker finds its workflow. */
const BUNDLE = join('workflows', 'bundle.js');

/** @param file a main file by its source, as `worker/main.ts` */
export async function compiledMain(file: string): Promise<string> {
  for (;;) {
    const program = compiledProgram();
    await addBundle(program);
    // Sources that changed meanwhile may or may not be in the bundle: then once more.
    if (compiledProgram() === program) return join(program, file.replace(/\.ts$/, '.js'));
  }
}

async function addBundle(program: string): Promise<void> {
  const file = join(program, BUNDLE);
  if (await isThere(file)) return;
  // Temporal's worker is loaded for this alone.
  const { workflowBundle } = await import('../../worker/workflow-bundle.ts');
  const { code } = await workflowBundle();
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, code);
  await rename(draft, file);
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
