/**
 * Pages of lists. A page begins behind a place in the list's order, so it costs what it holds, wherever it begins, and rows
 * that come or go elsewhere move nothing in it. Or it begins after a bounded number of rows, all of which are read.
 */
import type { Queryable } from './pool.ts';

export interface Page<Place> {
  readonly limit: number;
  readonly offset: number;
  /** Of the last item that was read. Left out: the page begins `offset` items after the beginning. */
  readonly after?: Place | undefined;
  /** What was counted for an earlier page, where one was. */
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
  /** Of the last item; null where no more come. */
  readonly next: Place | null;
}

/** Where no counter is kept, no more than this is counted, and that for the first page only. */
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
 * The end of a list's SQL, by the numbers of its parameters. PostgreSQL shall not know how few rows are wanted, nor how many
 * are left out: it guesses wrong how many there are, and where it guesses fewer than are wanted it reads and sorts all of
 * them. A number that it learns only later makes it read an index in the order of the list.
 */
export function limited(limit: string, offset: string): string {
  return `limit (select ${limit}::bigint) offset (select ${offset}::bigint)`;
}

/** For the rows of a page: one more than it holds, which tells whether more come. */
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

/** How many rows a list has, counted no further than the bound, and not again for pages after the first. */
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

/** Microseconds since 1970, as far as PostgreSQL tells instants apart. A `Date` would lose their last digits. */
export function microseconds(column: string): string {
  return `(extract(epoch from ${column}) * 1000000)::bigint`;
}

/** The instant of such a number, in a parameter. */
export function instantOf(parameter: string): string {
  return `('epoch'::timestamptz + ${parameter}::bigint * interval '1 microsecond')`;
}
