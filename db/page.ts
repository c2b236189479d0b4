/**
 * Pages of lists. A page begins after a place in the list's order. It costs what it contains, wherever it begins, and
 * rows that appear or disappear elsewhere do not shift it. Alternatively it begins after a bounded number of rows, all
 * of which are read.
 */
import type { Queryable } from './pool.ts';

export interface Page<Place> {
  readonly limit: number;
  readonly offset: number;
  /** Place of the last item that was read. Omitted: the page begins `offset` items after the beginning. */
  readonly after?: Place | undefined;
  /** The count for an earlier page, if there is one. */
  readonly counted?: Total | undefined;
}

export interface Total {
  readonly total: number;
  /** False: there are more. */
  readonly totalIsExact: boolean;
}

export interface PageOf<T, Place> extends Total {
  readonly items: T[];
  readonly hasMore: boolean;
  /** Place of the last item; null if there are no more. */
  readonly next: Place | null;
}

/** Without a stored counter no more than this is counted, and only for the first page. */
export const COUNTED_AT_MOST = 10_000;

/** Rows of a list in its order. */
export interface OrderedRows<Place> {
  /** `from ... where ... order by ...`, and `limited` at its end. */
  readonly sql: string;
  readonly values: (part: {
    readonly limit: number;
    readonly offset: number;
    readonly after?: Place | undefined;
  }) => unknown[];
}

/**
 * The end of a list's SQL, by the numbers of its parameters. PostgreSQL must not know how few rows are wanted, nor how
 * many are skipped. It misjudges how many rows there are, and if it expects fewer than are wanted it reads and sorts
 * all of them. With a number that it learns only later, it reads an index in the order of the list.
 */
export function limited(limit: string, offset: string): string {
  return `limit (select ${limit}::bigint) offset (select ${offset}::bigint)`;
}

/** Parameters for the rows of a page. One row more than the page shows whether there are more. */
export function valuesOf<Place>({ values }: OrderedRows<Place>, { limit, offset, after }: Page<Place>): unknown[] {
  return values({ limit: limit + 1, offset, after });
}

/** The page from its rows, read with `valuesOf`. */
export function pageOf<Row, T, Place>(
  rows: readonly Row[],
  { limit }: Page<Place>,
  total: Total,
  { item, place }: { readonly item: (row: Row) => T; readonly place: (row: Row) => Place },
): PageOf<T, Place> {
  const held = rows.slice(0, limit);
  const last = held.at(-1);
  const hasMore = rows.length > limit;
  return { items: held.map(item), ...total, hasMore, next: hasMore && last !== undefined ? place(last) : null };
}

/** The number of rows of a list, counted up to the bound, and only for the first page. */
export async function totalOf<Place>(
  db: Queryable,
  { sql, values }: OrderedRows<Place>,
  { counted }: Page<Place>,
): Promise<Total> {
  if (counted) return counted;
  const { rows } = await db.query<{ found: number }>(
    `select count(*)::integer as found from (select ${sql}) counted`,
    values({ limit: COUNTED_AT_MOST + 1, offset: 0 }),
  );
  const { found = 0 } = rows[0] ?? {};
  return { total: Math.min(found, COUNTED_AT_MOST), totalIsExact: found <= COUNTED_AT_MOST };
}

/** Microseconds since 1970, the precision of PostgreSQL. A `Date` would lose the last digits. */
export function microseconds(column: string): string {
  return `(extract(epoch from ${column}) * 1000000)::bigint`;
}

/** The instant of such a number, as a parameter. */
export function instantOf(parameter: string): string {
  return `('epoch'::timestamptz + ${parameter}::bigint * interval '1 microsecond')`;
}
