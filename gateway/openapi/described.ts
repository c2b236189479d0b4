/** What the description of the API says of one operation beyond what its route's schemas say. */

export interface RequestExample {
  readonly summary: string;
  /** Left out: JSON. */
  readonly contentType?: 'text/csv' | 'multipart/form-data';
  readonly value: unknown;
  /** What it is answered with. */
  readonly status: number;
}

export interface Described {
  /** Stable: generated clients name their functions after it. */
  readonly operationId: string;
  /** Where the route's own schema has none. */
  readonly description?: string;
  /** Examples of parameters by name. */
  readonly parameters?: Readonly<Record<string, string | number>>;
  /** When it is refused with 409. */
  readonly conflict?: string;
  /** What may not be there, besides what its path names. */
  readonly missing?: string;
  /** Of bodies that no schema is held against, by content type. */
  readonly bodies?: Readonly<Record<string, object>>;
  /** By name. */
  readonly requests?: Readonly<Record<string, RequestExample>>;
  /** An example of the answer by status. */
  readonly answers: Readonly<Record<number, unknown>>;
}

export const EXAMPLE_META = { request_id: '0b8f4c1e-6a3d-4f57-9d0a-5c2f3f6b7a10', ts: '2026-03-18T14:30:00.000Z' };

export function exampleOf<T>(data: T) {
  return { data, meta: EXAMPLE_META };
}

export function exampleList<T>(...data: T[]) {
  return {
    data,
    meta: EXAMPLE_META,
    pagination: {
      total: data.length,
      total_is_exact: true,
      limit: 50,
      offset: 0,
      has_more: false,
      next_cursor: null,
    },
  };
}
