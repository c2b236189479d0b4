/** What commands that list something have in common: which part of the list, and what is said of the rest. */
import type { Command } from 'commander';
import type { Pagination } from '../domain/api/campaign-responses.ts';
import type { PageQuery, Pages } from '../client/pages.ts';
import type { ApiFlags } from './api.ts';
import { wholeNumber } from './options.ts';

export interface ListFlags extends ApiFlags {
  readonly limit: number;
  readonly offset: number;
  readonly cursor?: string;
  readonly all?: true;
}

/** A part of a list. */
export interface Listed<T> {
  readonly items: readonly T[];
  readonly rest: {
    readonly total: number;
    /** Only where the list is longer than the gateway counts. */
    readonly total_is_exact?: false;
    /** Only where there are more items. */
    readonly next_cursor?: string;
  };
}

const MOST_ON_A_PAGE = 100;
const MOST_LISTED = 10_000;

export function addListOptions(command: Command): Command {
  return command
    .option('--limit <number>', `maximum number of items, 1 to ${MOST_LISTED}`, wholeNumber(1, MOST_LISTED), 50)
    .option('--offset <number>', 'number of items to skip', wholeNumber(0, 10_000), 0)
    .option('--cursor <cursor>', 'next_cursor of the previous page, as --json prints it')
    .option('--all', 'all items, from the beginning or from --cursor');
}

/** @param list reads the list from a page on */
export async function readListed<T>(
  { all, limit, cursor, offset }: ListFlags,
  list: (from: PageQuery) => Pages<T>,
): Promise<Listed<T>> {
  const items: T[] = [];
  const most = all ? Infinity : limit;
  let from: PageQuery = { cursor, offset: offset === 0 ? undefined : offset };
  for (;;) {
    const { data, pagination } = await list({ ...from, limit: Math.min(most - items.length, MOST_ON_A_PAGE) });
    items.push(...data);
    const { next_cursor: next } = pagination;
    if (next === null || items.length >= most)
      return { items, rest: all ? { total: items.length } : restOf(pagination) };
    from = { cursor: next };
  }
}

function restOf({ total, total_is_exact: isExact, next_cursor: next }: Pagination): Listed<unknown>['rest'] {
  return { total, ...(isExact ? {} : { total_is_exact: false }), ...(next === null ? {} : { next_cursor: next }) };
}

/** What is said in place of an empty list. It may be empty only from `--offset` on. */
export function noneText(what: string, { total }: Listed<unknown>['rest']): string[] {
  return [total === 0 ? `No ${what} found.` : `No ${what} found from there on; there are ${total} in all.`];
}

/** The line under a list that has more. */
export function restText(listed: number, { total, total_is_exact, next_cursor }: Listed<unknown>['rest']): string[] {
  if (next_cursor === undefined) return [];
  const ofAll = total_is_exact === false ? `more than ${total}` : `${total}`;
  return [`${listed} of ${ofAll}; --limit and --offset show more. --all shows all.`];
}
