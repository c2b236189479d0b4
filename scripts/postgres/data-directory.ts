import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chown, lstat, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { runCommand } from '../binaries/run-command.ts';
import { canReach, type User } from './user.ts';

export interface Places {
  readonly dataDir: string;
  /** A directory beside it that the user of PostgreSQL may enter. */
  readonly parent: string;
}

/**
 * Where the data can live. The user of PostgreSQL may not reach the wanted directory, as when root keeps the clone below
 * its own closed home; then it is a directory for temporary files, named after the wanted one.
 */
export async function choosePlaces(wanted: string, user: User | undefined): Promise<Places> {
  const parent = dirname(resolve(wanted));
  await mkdir(parent, { recursive: true });
  if (canReach(parent, user)) return { dataDir: resolve(wanted), parent };

  const name = createHash('sha256').update(resolve(wanted)).digest('hex').slice(0, 12);
  const elsewhere = join(tmpdir(), `ringfence-${name}`);
  await mkdir(elsewhere, { mode: 0o755, recursive: true });
  const found = await lstat(elsewhere);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new Error(`${elsewhere} belongs to someone else. Remove it, or set DATABASE_URL to your PostgreSQL.`);
  }
  if (!canReach(elsewhere, user)) {
    throw new Error(
      `PostgreSQL runs as an unprivileged user, who can enter neither ${parent} nor ${tmpdir()}. Move the clone, set TMPDIR to a directory open to all, or set DATABASE_URL to your PostgreSQL.`,
    );
  }
  return { dataDir: join(elsewhere, 'postgres'), parent: elsewhere };
}

/** Creates the data directory on the first start: complete, or not at all. */
export async function initialise(
  initdb: string,
  { dataDir, parent }: Places,
  options: { readonly user: User | undefined; readonly durable: boolean },
): Promise<void> {
  if (await readIfThere(join(dataDir, 'PG_VERSION'))) return;
  const incomplete = await mkdtemp(join(parent, 'initdb-'));
  try {
    const { user } = options;
    if (user) await chown(incomplete, user.uid, user.gid);
    await runCommand(
      initdb,
      [
        `--pgdata=${incomplete}`,
        '--username=ringfence',
        '--no-instructions',
        // Reached over the loopback interface only, and holds what a development run made.
        '--auth=trust',
        // The same order and case rules on every machine.
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        ...(options.durable ? [] : ['--no-sync']),
      ],
      { ...user, cwd: parent },
    );
    await rename(incomplete, dataDir);
  } catch (error) {
    throw new Error(`The database directory ${dataDir} cannot be created: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    await rm(incomplete, { recursive: true, force: true });
  }
}

/**
 * Removes the pid file of a server that died without removing it. PostgreSQL does so itself, except where the number in
 * it belongs to another program by now.
 *
 * @throws Error when a server runs on this directory.
 */
export async function clearStalePidFile(dataDir: string): Promise<void> {
  const pidFile = join(dataDir, 'postmaster.pid');
  const [pid, , , port] = (await readIfThere(pidFile))?.split('\n') ?? [];
  if (!pid) return;
  if (commandOf(pid).includes(dataDir)) {
    throw new Error(
      `A PostgreSQL (process ${pid}, port ${port ?? 'unknown'}) runs on ${dataDir} already. Stop the other Ringfence first.`,
    );
  }
  await rm(pidFile, { force: true });
}

function commandOf(pid: string): string {
  try {
    return execFileSync('ps', ['-o', 'args=', '-p', pid], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

async function readIfThere(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}
