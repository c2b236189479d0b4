import type { ContactResponse, ImportResponse } from '../../domain/api/contact-responses.ts';
import type { CreateCampaignInput } from '../../domain/api/campaign-request.ts';
import type { ApiClient } from '../http/api-client.ts';
import type { RequestOptions, WriteOptions } from '../options.ts';
import { listPages, type PageQuery, type Pages } from '../pages.ts';

type ContactFields = NonNullable<CreateCampaignInput['contacts']>[number];

export interface ContactFilter extends PageQuery {
  readonly folder_id?: string | undefined;
}

/** A contact as a campaign takes it, with its folder. */
export interface NewContact extends ContactFields {
  /** Default: the folder named `default`. */
  readonly folder_id?: string | undefined;
  /** Two-letter code of the country for a number without an international prefix. */
  readonly default_country?: string | undefined;
}

export interface ImportTarget {
  /** Default: the folder named `default`. */
  readonly folder_id?: string | undefined;
  /** Two-letter code of the country for numbers without an international prefix. */
  readonly default_country?: string | undefined;
  /** Overwrites contacts that are already in the folder. @defaultValue false */
  readonly overwrite_existing?: boolean | undefined;
}

/** A CSV file: its bytes, a stream of them, or a function that opens the stream. */
export type ContactFile = Uint8Array | AsyncIterable<Uint8Array> | (() => AsyncIterable<Uint8Array>);

export interface ImportProgress {
  /** Bytes of the file that are sent. A repeat begins at 0 again. */
  readonly sentBytes: number;
}

export interface ImportOptions extends WriteOptions {
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
}

/** Contacts of the account, in folders. Every method throws RingfenceError. */
export class Contacts {
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** Adds a contact to a folder, or updates the one with this number. */
  create(contact: NewContact, options: WriteOptions = {}): Promise<ContactResponse> {
    return this.#api.write('POST', '/contacts', contact, options);
  }

  list(filter: ContactFilter = {}, options: RequestOptions = {}): Pages<ContactResponse> {
    return listPages(this.#api, () => '/contacts', { ...filter }, options);
  }

  /**
   * Imports a CSV file of any size into a folder. A file that cannot be read to its end imports nothing. A row whose number cannot
   * be dialled is an error of its row, listed in `error_details`.
   *
   * A stream can be read once only, so that its import is not repeated automatically. Pass bytes, or a function that opens the
   * stream: `() => createReadStream('people.csv')`.
   * @throws RingfenceError `unparsable_file`, `payload_too_large`, or what the stream fails with
   */
  import(file: ContactFile, target: ImportTarget = {}, options: ImportOptions = {}): Promise<ImportResponse> {
    const { onProgress, ...request } = options;
    const open = typeof file === 'function' ? file : () => (file instanceof Uint8Array ? inOnePiece(file) : file);
    const upload = {
      open: onProgress === undefined ? open : () => counted(open(), onProgress),
      repeatable: typeof file === 'function' || file instanceof Uint8Array,
      contentType: 'text/csv',
    };
    return this.#api.upload('/contacts/import', { ...target }, upload, request);
  }
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  onProgress: (progress: ImportProgress) => void,
): AsyncGenerator<Uint8Array> {
  let sentBytes = 0;
  for await (const chunk of bytes) {
    yield chunk;
    sentBytes += chunk.length;
    onProgress({ sentBytes });
  }
}
