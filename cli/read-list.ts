import { z } from 'zod';
import { type Answer, type ApiOptions, requestApi } from '../client/http-api.ts';

export interface AskedList<T> {
  /** Below the root, without a query. */
  readonly path: string;
  /** Filters and, of the first page, where it begins; what is undefined is left out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly item: z.ZodType<T>;
}

/** One page of a list. */
export async function readPage<T>(api: ApiOptions, { path, query = {}, item }: AskedList<T>): Promise<Answer<T[]>> {
  const stated = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const address = stated.length === 0 ? path : `${path}?${new URLSearchParams(Object.fromEntries(stated)).toString()}`;
  return requestApi(api, { method: 'GET', path: address }, z.array(item));
}

/**
 * The pages of a list up to its end. Each begins where the one before ended, whatever has come or gone meanwhile.
 * @param request asks for one page, and may ask again
 */
export async function* readPages<T>(
  api: ApiOptions,
  list: AskedList<T>,
  request: (ask: () => Promise<Answer<T[]>>) => Promise<Answer<T[]>> = (ask) => ask(),
): AsyncGenerator<Answer<T[]>> {
  let query = list.query ?? {};
  for (;;) {
    const page = await request(() => readPage(api, { ...list, query }));
    yield page;
    const cursor = page.pagination?.next_cursor ?? null;
    if (cursor === null) return;
    query = { ...query, offset: undefined, cursor };
  }
}
