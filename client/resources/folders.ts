import type { FolderResponse } from '../../domain/api/contact-responses.ts';
import { readId } from '../campaign-id.ts';
import type { ApiClient } from '../http/api-client.ts';
import type { RequestOptions, WriteOptions } from '../options.ts';
import { listPages, type PageQuery, type Pages } from '../pages.ts';

/** Folders of contacts. Every method throws RingfenceError. */
export class Folders {
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** @throws RingfenceError `conflict` if there is a folder of this name. */
  create(folder: { readonly name: string }, options: WriteOptions = {}): Promise<FolderResponse> {
    return this.#api.write('POST', '/contacts/folders', folder, options);
  }

  /** Lists folders by name. */
  list(page: PageQuery = {}, options: RequestOptions = {}): Pages<FolderResponse> {
    return listPages(this.#api, () => '/contacts/folders', { ...page }, options);
  }

  /** Deletes a folder with its contacts. Campaigns keep the contacts that they have copied. */
  async delete(id: string, options: WriteOptions = {}): Promise<{ readonly id: string; readonly deleted: true }> {
    return this.#api.write('DELETE', `/contacts/folders/${readId(id, 'folder')}`, undefined, options);
  }
}
