import pg from 'pg';

/** What the driver takes: a URL, or the path of a socket. It takes other texts for the name of a host that does not exist. */
const FORM = /^(?:postgres(?:ql)?:\/\/|socket:|\/)/;
const NOT_A_URL =
  'must be a URL such as postgres://user:password@host:5432/database. In a password write %23 for #, %3F for ?, %2F for / and %40 for @';

/** Why the driver cannot read a connection string, in words without the string and its password. Null if it can. */
export function databaseUrlProblem(connectionString: string): string | null {
  if (!FORM.test(connectionString)) return NOT_A_URL;
  try {
    // Connects to nothing yet.
    void new pg.Client({ connectionString });
    return null;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'ENOENT' || code === 'EACCES') return `names a file that cannot be read (${code})`;
    return NOT_A_URL;
  }
}
