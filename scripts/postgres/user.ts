import { execFileSync, spawnSync } from 'node:child_process';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** The account made for the purpose where a PostgreSQL is installed, else the one that every system has. */
const CANDIDATES = ['postgres', 'nobody'];

/**
 * PostgreSQL refuses to run as root, so there it runs as an unprivileged account that exists already.
 *
 * @returns undefined when we are not root and may run it ourselves
 */
export function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of CANDIDATES) {
    try {
      return { uid: idOf('-u', name), gid: idOf('-g', name) };
    } catch {
      // No such account: try the next.
    }
  }
  throw new Error(
    `PostgreSQL does not run as root, and there is no account ${CANDIDATES.join(' or ')} to run it as. Start Ringfence as another user, or set DATABASE_URL to your PostgreSQL.`,
  );
}

function idOf(flag: '-u' | '-g', name: string): number {
  return Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
}

/** Whether the user may enter the directory, which depends on every folder above it. */
export function canReach(directory: string, user: User | undefined): boolean {
  return spawnSync('test', ['-x', directory], { cwd: '/', ...user }).status === 0;
}
