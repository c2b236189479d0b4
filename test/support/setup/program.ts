import { compiledMain } from '../../../scripts/start/compiled-main.ts';

/** Compiles the program and bundles its workflow, so that no test does: side by side, each would do it for itself. */
export default async function setup(): Promise<void> {
  await compiledMain('worker/main.ts');
}
