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
  /** Whether the provider reported a second end, with another outcome. */
  readonly endedTwice: boolean;
}

/** A row of `calls`. */
export interface RecordedCall {
  readonly id: string;
  readonly sent: boolean;
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
}

export interface CampaignEvidence {
  readonly notes: CampaignNotes;
  /** In the order of their acceptance. */
  readonly accepted: readonly AcceptedCall[];
  readonly calls: readonly RecordedCall[];
  readonly contacts: readonly RecordedContact[];
  readonly record: RecordedCampaign;
  /** Outcomes that were reported to the gateway and acknowledged by it, by the provider's call id. */
  readonly ends: ReadonlyMap<string, readonly { readonly outcome: string; readonly at: number }[]>;
  /** Instants at which numbers were put on the suppression list. */
  readonly suppressed: ReadonlyMap<string, number>;
}
