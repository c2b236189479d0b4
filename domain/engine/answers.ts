/** A campaign's answers to commands and queries. Times are ISO 8601 in UTC. */
import type { CampaignStatus, WaitingFor } from './campaign-state.ts';
import type { Buckets } from './tally.ts';

/** The result of a campaign. The buckets add up to its total. */
export interface CampaignResult {
  readonly campaign_id: string;
  readonly status: CampaignStatus;
  readonly buckets: Buckets;
  /** Events that arrived after their call was over, and changed nothing. */
  readonly late_events: number;
}

/** The present state of a campaign, from its workflow. */
export interface CampaignProgress {
  readonly campaign_id: string;
  readonly status: CampaignStatus;
  /** What prevents the next call. Null while calls are being placed, or if none is left. */
  readonly waiting_for: WaitingFor | null;
  readonly until: string | null;
  readonly buckets: Buckets;
  /** Placing, live and unknown calls. The concurrency limit counts these. */
  readonly in_flight: number;
  readonly max_concurrent_calls: number;
  readonly placed_today: number;
  readonly max_calls_per_day: number | null;
  readonly late_events: number;
  readonly duplicate_events: number;
  readonly malformed_signals: number;
}

/** The acknowledgement of a pause: no placement is under way, and these calls are or may be live. */
export interface PauseAcknowledgement {
  readonly status: 'paused';
  readonly paused_at: string;
  /** Ids of calls that the provider has accepted and that have not ended. */
  readonly live: string[];
  /** Ids of calls that the provider may have accepted. */
  readonly unknown: string[];
}

export interface ResumeAcknowledgement {
  readonly status: CampaignStatus;
  readonly resumed_at: string;
}

export interface EditAcknowledgement {
  readonly status: CampaignStatus;
  readonly waiting_for: WaitingFor | null;
  readonly until: string | null;
  readonly edited_at: string;
}

export interface CancelAcknowledgement {
  readonly status: CampaignStatus;
  readonly cancel_requested_at: string;
}
