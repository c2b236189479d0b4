import { ApiClient } from './http/api-client.ts';
import type { RingfenceOptions } from './options.ts';
import { Campaigns } from './resources/campaigns.ts';
import { Connections } from './resources/connections.ts';
import { Contacts } from './resources/contacts.ts';
import { Folders } from './resources/folders.ts';
import { Suppressions } from './resources/suppressions.ts';
import { controlOverTemporal } from './temporal/control-over-temporal.ts';

/**
 * Runs call campaigns from any backend, over HTTP. Make one client and use it for everything.
 *
 * Every method throws RingfenceError. A request is repeated by itself after 429, 408, 5xx or a broken connection, and a request that
 * changes something has an idempotency key, so that its repeats take effect once.
 *
 * @example
 * const ringfence = new Ringfence({ baseUrl, apiKey });
 * const { id } = await ringfence.campaigns.create({ name: 'Reminders', agent_id, contacts });
 * await ringfence.campaigns.pause(id);
 */
export class Ringfence {
  readonly campaigns: Campaigns;
  readonly connections: Connections;
  readonly contacts: Contacts;
  readonly folders: Folders;
  readonly suppressions: Suppressions;

  /** @throws RingfenceError `misconfigured` with `field`, for a base URL or a key that cannot be used. */
  constructor(options: RingfenceOptions) {
    const api = new ApiClient(options);
    this.campaigns = new Campaigns(api, options.temporal ? controlOverTemporal(options.temporal) : null);
    this.connections = new Connections(api);
    this.contacts = new Contacts(api);
    this.folders = new Folders(api);
    this.suppressions = new Suppressions(api);
  }
}
