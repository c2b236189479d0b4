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
    const bundle = join(program, BUNDLE);
    if (await isThere(bundle)) return join(program, file.replace(/\.ts$/, '.js'));
    // Temporal's worker is loaded for this alone.
    const { workflowBundle } = await import('../../worker/workflow-bundle.ts');
    const { code } = await workflowBundle();
    // Sources that changed meanwhile may or may not be in the bundle: then it belongs to neither program.
    if (compiledProgram() === program) await moveInto(bundle, code);
  }
}

/** Moved into place when it is whole: others may be looking for it at this moment. */
async function moveInto(file: string, code: string): Promise<void> {
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
