import type { ConnectionDetails, ConnectionResponse } from '../../domain/api/connection-response.ts';
import type { ApiClient } from '../http/api-client.ts';
import type { RequestOptions } from '../options.ts';
import { listPages, type PageQuery, type Pages } from '../pages.ts';

/** Connections to carriers. Every method throws RingfenceError. */
export class Connections {
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** Lists the connections that the account may use, by name: what each allows, and whether the gateway can use it. */
  list(page: PageQuery = {}, options: RequestOptions = {}): Pages<ConnectionResponse> {
    return listPages(this.#api, () => '/connections', { ...page }, options);
  }

  /** Returns a connection with what happens on it now: calls in flight, shares, rate, circuit breaker, and a stop if any. */
  async get(name: string, options: RequestOptions = {}): Promise<ConnectionDetails> {
    return this.#api.get(`/connections/${encodeURIComponent(name)}`, options);
  }
}
