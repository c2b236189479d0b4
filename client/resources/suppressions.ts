import type { SuppressionInput, SuppressionResponse } from '../../domain/api/suppressions.ts';
import type { ApiClient } from '../http/api-client.ts';
import type { RequestOptions, WriteOptions } from '../options.ts';
import { listPages, type PageQuery, type Pages } from '../pages.ts';

/** Numbers that no campaign of the account may call. Every method throws RingfenceError. */
export class Suppressions {
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** Suppresses a number, from the next dial of every campaign. A call under way continues. */
  create(suppression: SuppressionInput, options: WriteOptions = {}): Promise<SuppressionResponse> {
    return this.#api.write('POST', '/suppressions', suppression, options);
  }

  /** Lists suppressed numbers, latest first. */
  list(page: PageQuery = {}, options: RequestOptions = {}): Pages<SuppressionResponse> {
    return listPages(this.#api, () => '/suppressions', { ...page }, options);
  }

  /** Removes a number, in international form. Contacts that were skipped stay skipped. */
  async delete(
    phoneNumber: string,
    options: WriteOptions = {},
  ): Promise<{ readonly phone_number: string; readonly deleted: true }> {
    return this.#api.write('DELETE', `/suppressions/${encodeURIComponent(phoneNumber)}`, undefined, options);
  }
}
