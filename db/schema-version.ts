import { readdir } from 'node:fs/promises';
import { MIGRATIONS, MIGRATIONS_TABLE } from './migrate.ts';
import type { Queryable } from './pool.ts';

export interface SchemaVersion {
  /** Migrations of this version that the database has had, in order. */
  readonly applied: readonly string[];
  /** Migrations of this version that it has not had yet. */
  readonly missing: readonly string[];
  /** Migrations that it has had and that this version does not know: a newer version was there. */
  readonly unknown: readonly string[];
}

/** Compares the migrations of a database with those of this version. */
export async function readSchemaVersion(db: Queryable): Promise<SchemaVersion> {
  const brought = (await readdir(MIGRATIONS)).map((file) => file.replace(/\.\w+$/, '')).sort();
  const { rows: tables } = await db.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [
    MIGRATIONS_TABLE,
  ]);
  const { rows } = tables[0]?.exists
    ? await db.query<{ name: string }>(`select name from ${MIGRATIONS_TABLE} order by id`)
    : { rows: [] };
  const had = new Set(rows.map(({ name }) => name));
  return {
    applied: brought.filter((name) => had.has(name)),
    missing: brought.filter((name) => !had.has(name)),
    unknown: [...had].filter((name) => !brought.includes(name)),
  };
}
