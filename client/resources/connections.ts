import type { ConnectionResponse } from '../../domain/api/connection-response.ts';
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
    return listPages(this.#api, '/connections', { ...page }, options);
  }
}
