/** What a campaign answers to a command or a question. Instants are ISO 8601 in UTC. */
import type { CampaignStatus, WaitingFor } from './campaign-state.ts';
import type { Buckets } from './tally.ts';

/** How a campaign ended. The buckets sum to its total. */
export interface CampaignResult {
  readonly campaign_id: string;
  readonly status: CampaignStatus;
  readonly buckets: Buckets;
  /** Events that came after their call was over, and changed nothing. */
  readonly late_events: number;
}

/** A campaign as its workflow sees it at this moment. */
export interface CampaignProgress {
  readonly campaign_id: string;
  readonly status: CampaignStatus;
  /** What keeps the next call from being placed; null while calls are being placed or nothing is left. */
  readonly waiting_for: WaitingFor | null;
  readonly until: string | null;
  readonly buckets: Buckets;
  /** Calls being placed, live or of unknown outcome: what the concurrency limit counts. */
  readonly in_flight: number;
  readonly max_concurrent_calls: number;
  readonly placed_today: number;
  readonly max_calls_per_day: number | null;
  readonly late_events: number;
  readonly duplicate_events: number;
  readonly malformed_signals: number;
}

/** The promise behind a pause: nothing is being placed any more, and these calls are, or may be, live. */
export interface PauseAcknowledgement {
  readonly status: 'paused';
  readonly paused_at: string;
  /** Call ids that the provider has accepted and that have not ended. */
  readonly live: string[];
  /** Call ids of which it is not known whether the provider accepted them. */
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
