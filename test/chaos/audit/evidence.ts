/** What the audit judges by. Instants are epoch milliseconds. */
import type { LedgerCall } from '../../../simulator/ledger.ts';
import type { CampaignNotes } from '../notes.ts';

/** A call of one campaign as the provider has it. */
export interface AcceptedCall extends Pick<
  LedgerCall,
  'id' | 'phone_number' | 'accepted_at' | 'dialled_at' | 'ended_at' | 'outcome'
> {
  readonly key: string;
  readonly seq: number;
  readonly attempt: number;
  /** What a look-up says of its end, where that is less than an event tells. */
  readonly lookedUpAs: string | null;
  /** Whether the provider reported a second end, with another outcome. */
  readonly endedTwice: boolean;
  /** Whether the provider tells wrong times of it, or has reported the end of another call under its id. */
  readonly mistold: boolean;
  /** Whether another call to this number at about the same time may be taken for it. */
  readonly hasDouble: boolean;
  /** The end of a call that never was, which the provider has reported under this call's name. */
  readonly stray: { readonly outcome: string; readonly at: number } | null;
}

/** A row of `calls`. */
export interface RecordedCall {
  readonly id: string;
  readonly sent: boolean;
  readonly sent_at: number | null;
  /** When the provider's reply was recorded. */
  readonly accepted_at: number | null;
  /** Whether the provider's id of the call became known, by its reply or by an event that named ours. */
  readonly linked: boolean;
  readonly not_placed_reason: string | null;
  readonly outcome: string | null;
  /** When it ended, or was given up. */
  readonly ended_at: number | null;
  readonly settled_at: number | null;
}

/** A row of `campaign_contacts`. */
export interface RecordedContact {
  readonly contact_id: string;
  readonly seq: number;
  readonly phone_number: string;
  readonly bucket: string;
  readonly reason: string | null;
  readonly attempt: number;
}

/** A row of `campaigns`. */
export interface RecordedCampaign {
  readonly status: string;
  readonly total: number;
  readonly buckets: Readonly<Record<string, number>>;
  /** The status of its workflow at the end of the run, as Temporal names it; null when there is none. */
  readonly workflow: string | null;
}

/** What the API said of the campaign, the same from one instant to another. */
export interface Sighting {
  readonly from: number;
  to: number;
  readonly status: string;
  readonly waiting_for: string | null;
  readonly until: number | null;
}

/** What the tables said at the end of a lull, in which nothing was disturbed. */
export interface Lull {
  readonly from: number;
  readonly to: number;
  /** Numbers of contacts who wait for their first call, and for no time that has not passed for a minute. */
  readonly pending: readonly string[];
  /** Numbers of contacts whose retry has been due for a minute. */
  readonly overdue: readonly string[];
  /** Counters of the campaign that its contacts do not agree with, each in words. */
  readonly miscounted: readonly string[];
  /** The latest instant at which a retry is due. */
  readonly latestDue: number | null;
  /** Calls that were sent before the lull and are not settled. */
  readonly held: readonly string[];
}

/** Something that the provider, or the way to it, did to a campaign or its connection. */
export interface ProviderTrouble {
  readonly at: number;
  readonly kind: 'throttled' | 'account' | 'other';
  /** What `Retry-After` asked for. */
  readonly retryAfterMs: number | null;
}

export interface CampaignEvidence {
  readonly notes: CampaignNotes;
  /** After so long from its sending a call cannot be going on any more. */
  readonly longestCallMs: number;
  /** In the order of their acceptance. */
  readonly accepted: readonly AcceptedCall[];
  readonly calls: readonly RecordedCall[];
  readonly contacts: readonly RecordedContact[];
  readonly record: RecordedCampaign;
  /** Outcomes that were reported to the gateway and acknowledged by it, by the provider's call id. */
  readonly ends: ReadonlyMap<string, readonly { readonly outcome: string; readonly at: number }[]>;
  /** Instants at which numbers were put on the suppression list. */
  readonly suppressed: ReadonlyMap<string, number>;
  /** In order. */
  readonly sightings: readonly Sighting[];
  readonly lulls: readonly Lull[];
  /** In order. */
  readonly trouble: readonly ProviderTrouble[];
}
