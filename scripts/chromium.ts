import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runCommand } from './binaries/run-command.ts';

export interface ChromiumOptions {
  /** The environment to read CHROMIUM and PATH from. */
  readonly env: NodeJS.ProcessEnv;
  /** Told in one line that it is being installed. */
  readonly report?: (line: string) => void;
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const WAY_OUT = 'Install it (Debian: apt-get install chromium), or name its executable in CHROMIUM.';

/**
 * Finds Chromium: the executable named by CHROMIUM, or the one on PATH. Where there is none, Debian's is installed if we may.
 *
 * @throws Error that names the way out.
 */
export async function obtainChromium({ env, report = () => {} }: ChromiumOptions): Promise<string> {
  if (env.CHROMIUM) return env.CHROMIUM;
  const found = await onPath(env.PATH ?? '');
  if (found !== null) return found;
  if (process.getuid?.() !== 0) throw new Error(`There is no Chromium here. ${WAY_OUT}`);
  report("Installing Debian's Chromium (apt-get install chromium).");
  const apt = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' } };
  try {
    await runCommand('apt-get', ['update', '--quiet'], apt);
    await runCommand('apt-get', ['install', '--quiet', '--yes', '--no-install-recommends', 'chromium'], apt);
  } catch (error) {
    throw new Error(`There is no Chromium here, and ${(error as Error).message}. ${WAY_OUT}`, { cause: error });
  }
  const installed = await onPath(env.PATH ?? '');
  if (installed === null) throw new Error(`apt-get has installed Chromium, but not on PATH. ${WAY_OUT}`);
  return installed;
}

async function onPath(path: string): Promise<string | null> {
  for (const directory of path.split(delimiter).filter((entry) => entry !== '')) {
    for (const name of NAMES) {
      const file = join(directory, name);
      if (await isExecutable(file)) return file;
    }
  }
  return null;
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
