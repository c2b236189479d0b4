/** Temporal as the gateway sees it: starts workflows and takes signals, without a server. */
import { RingfenceError } from '../../../domain/engine/errors.ts';
import type { EndedEvent } from '../../../domain/engine/outcome.ts';
import type { Delivered } from '../../../gateway/temporal/event-delivery.ts';

/** What a client of Temporal does when the server is away. */
export const refuse = () => Promise.reject(new RingfenceError('temporal_unavailable', 'Temporal is away.'));

/** Takes what the gateway sends, or is away. */
export class FakeTemporal {
  away = false;
  /** Campaigns whose workflow has ended. */
  readonly closed = new Set<string>();
  readonly started: string[] = [];
  /** Campaigns that were told of added or removed contacts. */
  readonly notified: string[] = [];
  readonly signalled: { campaignId: string; events: readonly EndedEvent[] }[] = [];

  readonly start = async (campaignId: string): Promise<void> => {
    if (this.away) return refuse();
    // However often it is asked: there is never a second workflow of one campaign.
    if (!this.started.includes(campaignId)) this.started.push(campaignId);
  };

  readonly notify = {
    ofContacts: async (campaignId: string): Promise<void> => {
      if (this.away) return refuse();
      this.notified.push(campaignId);
    },
  };

  readonly signal = async (campaignId: string, events: readonly EndedEvent[]): Promise<Delivered> => {
    if (this.away) return refuse();
    if (this.closed.has(campaignId)) return 'closed';
    this.signalled.push({ campaignId, events });
    return 'accepted';
  };
}
