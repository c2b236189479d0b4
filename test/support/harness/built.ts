import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Compiles the sources as they are into dist/. Not to be used by files of tests that run side by side. */
export async function build(): Promise<void> {
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd });
}
