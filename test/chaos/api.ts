/** The run's way to the gateways. */
export interface Api {
  /** One for each gateway. Who asks goes to each in turn, as behind a load balancer. */
  readonly baseUrls: readonly string[];
  readonly key: string;
}

/** One request and what came of it. Instants are epoch milliseconds. */
export interface Asked {
  readonly sentAt: number;
  readonly answeredAt: number;
  /** Null when there was no answer: the request may have been carried out all the same, unless it never left. */
  readonly status: number | null;
  /** False when nobody listened. */
  readonly left: boolean;
  /** The answer's `data`, or its `error`. */
  readonly data: unknown;
  /** Of a list: where its next page begins; null at its end. */
  readonly nextCursor?: string | null;
}

interface Request {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

interface Answer {
  readonly data?: unknown;
  readonly error?: unknown;
  readonly pagination?: { readonly next_cursor: string | null };
}

const TIMEOUT_MS = 25_000;
let turn = 0;

/** Asks once. Whatever happens is noted, nothing is thrown: that a gateway dies is the order of the day. */
export async function ask(
  { baseUrls, key }: Api,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  { body, headers, timeoutMs = TIMEOUT_MS }: Request = {},
): Promise<Asked> {
  const sentAt = Date.now();
  turn += 1;
  try {
    const response = await fetch(baseUrls[turn % baseUrls.length] + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { data, error, pagination } = (await response.json()) as Answer;
    const nextCursor = pagination?.next_cursor ?? null;
    return { sentAt, answeredAt: Date.now(), status: response.status, left: true, data: data ?? error, nextCursor };
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
  // A gateway that was frozen while a request came in takes it for one that came in too slowly.
  return status === null || status === 408 || status >= 500;
}
