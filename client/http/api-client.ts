/** Sends requests to the gateway: authenticated, repeated where that can help, and with typed answers. */
import type { Pagination } from '../../domain/api/campaign-responses.ts';
import { RingfenceError } from '../errors.ts';
import type { RequestOptions, RingfenceOptions, WriteOptions } from '../options.ts';
import { type Answer, readAnswer } from './answer.ts';
import { readIdempotencyKey } from './idempotency-key.ts';
import { readMaxRetries, readTimeoutMs } from './numbers.ts';
import { MAX_RETRIES, withRepeats } from './repeats.ts';
import { readSettings, type Settings } from './settings.ts';
import { withSignals, withTimeout } from './signals.ts';
import { BodyError, type HttpRequest, sendOnce } from './transport.ts';
import { timedOut, unreachable } from './unreachable.ts';

/** Longer than the gateway waits for a worker, and for a slow statement of its database. */
const TIMEOUT_MS = 30_000;
const KEY_HEADER = 'x-idempotency-key';
/** Without the second, a proxy may compress its answer. */
const ACCEPTED = { accept: 'application/json', 'accept-encoding': 'identity' };

/** Parameters of a request; what is undefined is left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the root. */
  readonly path: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes the body of one try. Null if it has none. */
  readonly body: (() => HttpRequest['body']) | null;
  readonly timeoutMs: number | null;
}

interface ListAnswer<T> {
  readonly data: readonly T[];
  readonly pagination: Pagination;
}

/** A file to upload, which can be read more than once or not. */
export interface Upload {
  readonly open: () => AsyncIterable<Uint8Array>;
  readonly repeatable: boolean;
  readonly contentType: string;
}

export class ApiClient {
  readonly #settings: Settings;

  constructor(options: RingfenceOptions) {
    this.#settings = readSettings(options);
  }

  /** The time limit that the caller has set, for a call or for all. */
  statedTimeoutMs(options: RequestOptions): number | undefined {
    return readTimeoutMs(options) ?? this.#settings.timeoutMs;
  }

  signals({ signal }: RequestOptions): readonly (AbortSignal | undefined)[] {
    return [this.#settings.signal, signal];
  }

  async get<T>(path: string, options: RequestOptions, query: Query = {}): Promise<T> {
    return (await this.#get(path, query, options)).data as T;
  }

  async getList<T>(path: string, query: Query, options: RequestOptions): Promise<ListAnswer<T>> {
    const { data, pagination } = await this.#get(path, query, options);
    if (Array.isArray(data) && pagination !== undefined) return { data: data as T[], pagination };
    throw new RingfenceError('api_unreachable', `What answers at ${this.#settings.root} sent no list.`);
  }

  /** A `POST` that changes nothing. */
  ask<T>(path: string, body: unknown, options: RequestOptions): Promise<T> {
    return this.#sendJson('POST', path, body, {}, options);
  }

  /** Every try has the same key and the same bytes. */
  async write<T>(method: 'POST' | 'PATCH' | 'DELETE', path: string, body: unknown, options: WriteOptions): Promise<T> {
    return this.#sendJson(method, path, body, { [KEY_HEADER]: readIdempotencyKey(options) }, options);
  }

  /** Sends a file as it is read. If that is possible once only, the request is not repeated. */
  async upload<T>(
    path: string,
    query: Query,
    { open, repeatable, contentType }: Upload,
    options: WriteOptions,
  ): Promise<T> {
    const headers = { 'content-type': contentType, [KEY_HEADER]: readIdempotencyKey(options) };
    const request = {
      method: 'POST',
      path,
      query,
      headers,
      body: open,
      timeoutMs: readTimeoutMs(options) ?? null,
    } as const;
    try {
      return (await this.#send(request, repeatable ? options : { ...options, maxRetries: 0 })).data as T;
    } catch (error) {
      throw error instanceof BodyError ? error.cause : error;
    }
  }

  #get(path: string, query: Query, options: RequestOptions): Promise<Answer> {
    return this.#send({ method: 'GET', path, query, body: null, timeoutMs: this.#timeoutMs(options) }, options);
  }

  async #sendJson<T>(
    method: ApiRequest['method'],
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
    options: RequestOptions,
  ): Promise<T> {
    const json = body === undefined ? null : asJson(body);
    const request: ApiRequest = {
      method,
      path,
      headers: json === null ? headers : { 'content-type': 'application/json', ...headers },
      body: json === null ? null : () => json,
      timeoutMs: this.#timeoutMs(options),
    };
    return (await this.#send(request, options)).data as T;
  }

  #timeoutMs(options: RequestOptions): number {
    return this.statedTimeoutMs(options) ?? TIMEOUT_MS;
  }

  async #send(request: ApiRequest, options: RequestOptions): Promise<Answer> {
    const maxRetries = readMaxRetries(options) ?? this.#settings.maxRetries ?? MAX_RETRIES;
    return withSignals(this.signals(options), (signal) =>
      withRepeats(() => this.#try(request, signal), { maxRetries, signal }),
    );
  }

  async #try({ method, path, query = {}, headers, body, timeoutMs }: ApiRequest, signal: AbortSignal): Promise<Answer> {
    const { root, apiKey } = this.#settings;
    const url = new URL(root + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const sent: HttpRequest = {
      method,
      url,
      headers: { authorization: `Bearer ${apiKey}`, ...ACCEPTED, ...headers },
      body: body === null ? null : body(),
    };
    const limit = { signal, timeoutMs, timedOut: () => timedOut(root, timeoutMs ?? 0) };
    return withTimeout(limit, async (limited) => {
      const answer = await sendOnce(sent, limited).catch((cause: unknown) => {
        throw cause instanceof BodyError ? cause : unreachable(root, cause);
      });
      return readAnswer(root, answer, Date.now());
    });
  }
}

/** @throws RingfenceError `validation_error` for what JSON cannot express, such as a BigInt */
function asJson(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch (cause) {
    const message = 'The request cannot be written as JSON: it contains a BigInt, or itself.';
    throw new RingfenceError('validation_error', message, { field: 'body', cause });
  }
}
