import type { ApiOptions } from '../../client/http-api.ts';

/** One request to the gateway and what came of it. Instants are epoch milliseconds. */
export interface Asked {
  readonly sentAt: number;
  readonly answeredAt: number;
  /** Null when there was no answer: the request may have been carried out all the same, unless it never left. */
  readonly status: number | null;
  /** False when nobody listened. */
  readonly left: boolean;
  /** The answer's `data`, or its `error`. */
  readonly data: unknown;
}

const TIMEOUT_MS = 25_000;

/** Asks once. Whatever happens is noted, nothing is thrown: that a gateway dies is the order of the day. */
export async function ask(
  { baseUrl, key }: ApiOptions,
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  { body, headers }: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Asked> {
  const sentAt = Date.now();
  try {
    const response = await fetch(baseUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = (await response.json()) as { readonly data?: unknown; readonly error?: unknown };
    return { sentAt, answeredAt: Date.now(), status: response.status, left: true, data: answer.data ?? answer.error };
  } catch (error) {
    return { sentAt, answeredAt: Date.now(), status: null, left: !wasRefused(error), data: null };
  }
}

function wasRefused(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause as { readonly code?: unknown } | undefined) : undefined;
  return cause?.code === 'ECONNREFUSED';
}

/** Whether to ask again: nobody answered, or something that the gateway needs was away. */
export function isTrouble({ status }: Asked): boolean {
  return status === null || status >= 500;
}
