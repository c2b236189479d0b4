/**
 * The two packages, as somebody installs them: by package managers that hold them to the Node.js that their "engines" name, in
 * the module systems of each line of Node.js, in Jest, and with the types of each line of TypeScript.
 */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { runCommand } from '../binaries/run-command.ts';
import { runProgram } from '../test/run-program.ts';
import { bringNode, bringPackage, type BroughtNode, VERSIONS } from './brought.ts';
import {
  checkTypes,
  CLIENT_PROGRAM,
  JEST_PROGRAM,
  MODULE_MODES,
  MOST_CLIENT_BYTES,
  OLD_MODE,
  packBoth,
  type Packed,
  RINGFENCE_PROGRAM,
  sizeOf,
} from './packages.ts';
import { oneCheck, type Step } from './steps.ts';

const INSTALL_LIMIT_MS = 10 * 60_000;

interface Place {
  readonly packed: Packed;
  /** A folder that is removed afterwards. */
  readonly folder: string;
  /** Directory of what Ringfence keeps on this machine. */
  readonly home: string;
}

/** @param root the directory of the clone */
export function packageSteps(root: string): Step[] {
  const home = join(root, '.ringfence');
  const step = (key: string, title: string, check: (place: Place) => Promise<void>): Step => ({
    key,
    title,
    async run() {
      const folder = await mkdtemp(join(tmpdir(), 'ringfence-installed-'));
      try {
        await check({ packed: await packBoth(root, folder), folder, home });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
      return oneCheck(null);
    },
  });
  const { oldestNode, node22, node24, yarn1, jest } = VERSIONS;
  return [
    ...[oldestNode, node22, node24].map((version) =>
      step(
        version === oldestNode ? 'npm' : `npm-${version.split('.')[0]}`,
        `The packages by npm with engine-strict on Node.js ${version}`,
        (place) => usePackages(place, version, installByNpm),
      ),
    ),
    step('yarn', `The packages by Yarn ${yarn1} on Node.js ${oldestNode}`, (place) =>
      usePackages(place, oldestNode, installByYarn),
    ),
    step('jest', `The SDK in Jest ${jest} on Node.js ${oldestNode}`, runInJest),
    step('types', "The packages' types for each line of TypeScript", useTypes),
  ];
}

type Install = (place: Place, project: string, node: BroughtNode, tarball: string) => Promise<void>;

/** Installs each package by itself, runs a program that uses it, and the command line. */
async function usePackages(place: Place, version: string, install: Install): Promise<void> {
  const node = await bringNode(version, place.home);
  const { folder, packed } = place;
  const backend = join(folder, 'backend');
  await mkdir(backend);
  await install(place, backend, node, packed.client);
  const installed = (await readdir(join(backend, 'node_modules'))).filter((name) => !name.startsWith('.'));
  if (installed.sort().join() !== '@ringfence,zod') throw new Error(`The SDK brings ${installed.join(', ')}.`);
  const bytes = await sizeOf(join(backend, 'node_modules'));
  if (bytes > MOST_CLIENT_BYTES) throw new Error(`The SDK takes ${bytes} bytes of a backend's disk.`);
  await runProgramIn(backend, node, CLIENT_PROGRAM);

  const server = join(folder, 'server');
  await mkdir(server);
  await install(place, server, node, packed.ringfence);
  await runProgramIn(server, node, RINGFENCE_PROGRAM);
  const ringfence = join(server, 'node_modules', '.bin', 'ringfence');
  const help = await runCommand(ringfence, ['--help'], { cwd: server, env: node.env });
  if (!help.startsWith('Usage: ringfence')) throw new Error(`ringfence --help prints: ${help}`);
}

async function runProgramIn(project: string, { node, env }: BroughtNode, program: string): Promise<void> {
  await writeFile(join(project, 'program.mjs'), program);
  await runCommand(node, ['program.mjs'], { cwd: project, env });
}

const installByNpm: Install = async (_place, project, node, tarball) => {
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await npmInstall(project, node, [tarball]);
};

async function npmInstall(project: string, { env }: BroughtNode, packages: readonly string[]): Promise<void> {
  const options = ['--engine-strict', '--no-audit', '--no-fund', '--loglevel=error', '--no-progress'];
  await runInstall('npm', ['install', `--prefix=${project}`, ...options, ...packages], project, env);
}

/** Yarn 1 knows no other way than to be strict. `ringfence` needs what docs/operations.md says of it; the SDK needs nothing. */
const installByYarn: Install = async ({ home, packed }, project, { env }, tarball) => {
  const commands = await bringPackage('yarn', VERSIONS.yarn1, home);
  const resolutions = { 'light-my-request': packageJson.dependencies['light-my-request'] };
  const needed = tarball === packed.ringfence ? { resolutions } : {};
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module', ...needed }));
  // In a cache that is shared, Yarn would find an older package of the same version.
  const options = ['--silent', '--non-interactive', `--cache-folder=${join(project, 'cache')}`];
  await runInstall(join(commands, 'yarn'), ['add', ...options, `file:${tarball}`], project, env);
};

async function runInstall(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
  const exitCode = await runProgram(command, args, { cwd, env, limitMs: INSTALL_LIMIT_MS });
  if (exitCode !== 0) throw new Error(`The installation ended with exit code ${exitCode}: see its output above.`);
}

/** Jest runs tests as CommonJS, and what they load too, whatever Node.js could. */
async function runInJest({ packed, folder, home }: Place): Promise<void> {
  const node = await bringNode(VERSIONS.oldestNode, home);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true }));
  await npmInstall(folder, node, [packed.client, `jest@${VERSIONS.jest}`]);
  await writeFile(join(folder, 'sdk.test.js'), JEST_PROGRAM);
  const exitCode = await runProgram(join(folder, 'node_modules/.bin/jest'), [], { cwd: folder, env: node.env });
  if (exitCode !== 0) throw new Error(`Jest ended with exit code ${exitCode}: see its output above.`);
}

async function useTypes({ packed, folder, home }: Place): Promise<void> {
  const node = await bringNode(VERSIONS.oldestNode, home);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const nodeTypes = `@types/node@${packageJson.devDependencies['@types/node']}`;
  await npmInstall(folder, node, [packed.client, packed.ringfence, nodeTypes]);
  const { typescript5, typescript6 } = VERSIONS;
  const old: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>> = {
    [typescript5]: [OLD_MODE],
    [typescript6]: [{ ...OLD_MODE, ignoreDeprecations: '6.0' }],
  };
  for (const version of [typescript5, typescript6, packageJson.devDependencies.typescript]) {
    const tsc = join(await bringPackage('typescript', version, home), '../typescript/bin/tsc');
    for (const mode of [...MODULE_MODES, ...(old[version] ?? [])]) {
      await checkTypes(folder, { node: node.node, tsc }, 'client', mode);
      await checkTypes(folder, { node: node.node, tsc }, 'ringfence', mode);
    }
  }
}
