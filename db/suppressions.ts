/** Numbers that must not be called. A dial looks here before it sends anything (`calls.ts`). */
import type { SuppressionAnswer } from '../domain/suppression.ts';
import type { Page, PageOf } from './campaign-answers.ts';
import type { Queryable } from './pool.ts';

interface SuppressionRow {
  readonly phone_number: string;
  readonly reason: string | null;
  readonly created_at: Date;
}

/** The account's list, latest first. */
export async function listSuppressions(db: Queryable, account: string, page: Page): Promise<PageOf<SuppressionAnswer>> {
  const counted = await db.query<{ total: number }>(
    'select count(*)::integer as total from suppressions where account = $1',
    [account],
  );
  const { rows } = await db.query<SuppressionRow>(
    `select phone_number, reason, created_at from suppressions where account = $1
      order by created_at desc, phone_number limit $2 offset $3`,
    [account, page.limit, page.offset],
  );
  const total = counted.rows[0]?.total ?? 0;
  return {
    items: rows.map(suppressionAnswer),
    total,
    hasMore: rows.length > 0 && page.offset + rows.length < total,
  };
}

/** Puts a number on the list. One that stands there keeps its place, and its reason unless another is given. */
export async function addSuppression(
  db: Queryable,
  account: string,
  { phoneNumber, reason }: { readonly phoneNumber: string; readonly reason: string | null },
): Promise<{ readonly suppression: SuppressionAnswer; readonly created: boolean }> {
  const { rows } = await db.query<SuppressionRow & { created: boolean }>(
    // A row that was not there before has no deleted version.
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

function suppressionAnswer({ phone_number, reason, created_at }: SuppressionRow): SuppressionAnswer {
  return { phone_number, reason, created_at: created_at.toISOString() };
}
