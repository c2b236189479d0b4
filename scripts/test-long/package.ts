/** The package, as somebody installs it whose package manager holds it to the Node.js that its "engines" name. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { runCommand } from '../binaries/run-command.ts';
import { runProgram } from '../test/run-program.ts';
import { bringNode, bringPackage, type BroughtNode, VERSIONS } from './brought.ts';
import { oneCheck, type Step } from './steps.ts';

const INSTALL_LIMIT_MS = 10 * 60_000;

interface Installing {
  /** The folder of the project that installs the package. */
  readonly project: string;
  readonly tarball: string;
  readonly oldest: BroughtNode;
  /** Directory of what Ringfence keeps on this machine. */
  readonly home: string;
}

/** @param root the directory of the clone */
export function packageSteps(root: string): Step[] {
  const step = (key: string, manager: string, install: (installing: Installing) => Promise<void>): Step => ({
    key,
    title: `The package by ${manager} on Node.js ${VERSIONS.oldestNode}`,
    async run() {
      await installAndUse(root, install);
      return oneCheck(null);
    },
  });
  return [step('npm', 'npm with engine-strict', installByNpm), step('yarn', 'Yarn 1', installByYarn)];
}

async function installAndUse(root: string, install: (installing: Installing) => Promise<void>): Promise<void> {
  const home = join(root, '.ringfence');
  const project = await mkdtemp(join(tmpdir(), 'ringfence-installed-'));
  try {
    const oldest = await bringNode(VERSIONS.oldestNode, home);
    await runCommand('npm', ['pack', '--silent', `--pack-destination=${project}`], { cwd: root });
    const tarball = (await readdir(project)).find((name) => name.endsWith('.tgz'))!;
    await install({ project, tarball, oldest, home });
    await use(project, oldest);
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

async function installByNpm({ project, tarball, oldest }: Installing): Promise<void> {
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const options = ['--engine-strict', '--no-audit', '--no-fund', '--loglevel=error', '--no-progress'];
  await runInstall('npm', ['install', `--prefix=${project}`, ...options, `./${tarball}`], project, oldest.env);
}

/** Yarn 1 knows no other way than to be strict. It needs what docs/operations.md says of it. */
async function installByYarn({ project, tarball, oldest, home }: Installing): Promise<void> {
  const commands = await bringPackage('yarn', VERSIONS.yarn1, home);
  const resolutions = { 'light-my-request': packageJson.dependencies['light-my-request'] };
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module', resolutions }));
  // In a cache that is shared, Yarn would find an older package of the same version.
  const options = ['--silent', '--non-interactive', `--cache-folder=${join(project, 'cache')}`];
  await runInstall(join(commands, 'yarn'), ['add', ...options, `file:./${tarball}`], project, oldest.env);
}

async function runInstall(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
  const exitCode = await runProgram(command, args, { cwd, env, limitMs: INSTALL_LIMIT_MS });
  if (exitCode !== 0) throw new Error(`The installation ended with exit code ${exitCode}: see its output above.`);
}

/** Loads each entry, Temporal's native code with the worker's, and runs the command line. */
async function use(project: string, { node, env }: BroughtNode): Promise<void> {
  const entries = Object.keys(packageJson.exports).filter((entry) => entry !== './package.json');
  const imports = entries.map((entry) => `await import('ringfence/${entry.slice(2)}');`).join('\n');
  const inProject = { cwd: project, env };
  await runCommand(node, ['--input-type=module', '--eval', imports], inProject);
  const help = await runCommand(join(project, 'node_modules', '.bin', 'ringfence'), ['--help'], inProject);
  if (!help.startsWith('Usage: ringfence')) throw new Error(`ringfence --help says: ${help}`);
}
