/** Lists, which the API answers page by page. */
import type { Pagination } from '../domain/api/campaign-responses.ts';
import type { ApiClient, Query } from './http/api-client.ts';
import type { RequestOptions } from './options.ts';

/** Which page of a list is returned first. */
export interface PageQuery {
  /** Items on a page, 1 to 100. @defaultValue 50 */
  readonly limit?: number | undefined;
  /** `pagination.next_cursor` of the page before. */
  readonly cursor?: string | undefined;
  /** Number of items to skip. Long lists need `cursor`. @defaultValue 0 */
  readonly offset?: number | undefined;
}

/** A page of a list. Iterate over it for its items and those of all following pages. */
export class Page<T> implements AsyncIterable<T> {
  readonly #read: (cursor: string) => Promise<Page<T>>;

  constructor(
    readonly data: readonly T[],
    readonly pagination: Pagination,
    read: (cursor: string) => Promise<Page<T>>,
  ) {
    this.#read = read;
  }

  /** The next page, or null at the end of the list. */
  async next(): Promise<Page<T> | null> {
    const { next_cursor: cursor } = this.pagination;
    return cursor === null ? null : this.#read(cursor);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    yield* this.data;
    for (let page = await this.next(); page !== null; page = await page.next()) yield* page.data;
  }
}

/** Await it for one page, or iterate over it for the items of all pages. */
export interface Pages<T> extends Promise<Page<T>>, AsyncIterable<T> {
  /** All pages, from the first one asked for. */
  pages(): AsyncGenerator<Page<T>, void, undefined>;
}

/**
 * Reads a list. A page begins where the page before ended, whatever was added or removed meanwhile.
 * @param pathOf may throw, which rejects the promise. Thrown at once, it would leave the rejection of a call beside it unhandled.
 */
export function listPages<T>(
  api: ApiClient,
  pathOf: () => string,
  { offset, ...query }: Query & PageQuery,
  options: RequestOptions,
): Pages<T> {
  const read = async (asked: Query): Promise<Page<T>> => {
    const { data, pagination } = await api.getList<T>(pathOf(), asked, options);
    return new Page(data, pagination, (cursor) => read({ ...query, cursor }));
  };
  const first = read({ ...query, offset });
  return Object.assign(first, {
    async *pages(): AsyncGenerator<Page<T>, void, undefined> {
      for (let page: Page<T> | null = await first; page !== null; page = await page.next()) yield page;
    },
    async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
      yield* await first;
    },
  });
}
