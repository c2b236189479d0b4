import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Compiles the sources as they are into dist/, once for all files: side by side, each would delete what another reads. */
export default async function setup(): Promise<void> {
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd });
}
