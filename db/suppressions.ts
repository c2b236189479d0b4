/** Numbers that must not be called. A dial checks them before it sends anything (`calls.ts`). */
import type { SuppressionResponse } from '../domain/api/suppressions.ts';
import { limited, type OrderedRows, type Page, pageOf, type PageOf, totalOf, valuesOf } from './page.ts';
import type { Queryable } from './pool.ts';

interface SuppressionRow {
  readonly phone_number: string;
  readonly reason: string | null;
  readonly created_at: Date;
}

/** The account's list, latest first. A place in it is not a phone number, because cursors appear in URLs. */
export async function listSuppressions(
  db: Queryable,
  account: string,
  page: Page<number>,
): Promise<PageOf<SuppressionResponse, number>> {
  const suppressions: OrderedRows<number> = {
    sql: `from suppressions where account = $1 and ($2::bigint is null or seq < $2)
      order by seq desc ${limited('$3', '$4')}`,
    values: ({ limit, offset, after = null }) => [account, after, limit, offset],
  };
  const total = await totalOf(db, suppressions, page);
  const { rows } = await db.query<SuppressionRow & { seq: string }>(
    `select seq, phone_number, reason, created_at ${suppressions.sql}`,
    valuesOf(suppressions, page),
  );
  return pageOf(rows, page, total, { item: suppressionAnswer, place: ({ seq }) => Number(seq) });
}

/**
 * Puts a number on the list. A number that is already there keeps its place, and its reason unless another is given.
 */
export async function addSuppression(
  db: Queryable,
  account: string,
  { phoneNumber, reason }: { readonly phoneNumber: string; readonly reason: string | null },
): Promise<{ readonly suppression: SuppressionResponse; readonly created: boolean }> {
  const { rows } = await db.query<SuppressionRow & { created: boolean }>(
    // A new row has no deleted version.
    `insert into suppressions as s (account, phone_number, reason) values ($1, $2, $3)
     on conflict (account, phone_number) do update set reason = coalesce(excluded.reason, s.reason)
     returning phone_number, reason, created_at, xmax = 0 as created`,
    [account, phoneNumber, reason],
  );
  const row = rows[0]!;
  return { suppression: suppressionAnswer(row), created: row.created };
}

/** Whether the number was on the list. */
export async function removeSuppression(db: Queryable, account: string, phoneNumber: string): Promise<boolean> {
  const { rowCount } = await db.query('delete from suppressions where account = $1 and phone_number = $2', [
    account,
    phoneNumber,
  ]);
  return rowCount !== 0;
}

function suppressionAnswer({ phone_number, reason, created_at }: SuppressionRow): SuppressionResponse {
  return { phone_number, reason, created_at: created_at.toISOString() };
}
