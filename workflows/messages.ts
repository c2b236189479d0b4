/** Everything that can be said to a campaign workflow, and what it answers. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { EngineSpec } from '../domain/engine/campaign-spec.ts';
import type { CampaignState, CampaignStatus, WaitingFor } from '../domain/engine/campaign-state.ts';
import type { CampaignEdit } from '../domain/engine/editing.ts';
import type { EndedEvent } from '../domain/engine/outcome.ts';
import type { Buckets } from '../domain/engine/tally.ts';

/** The name under which the workflow is registered. */
export const CAMPAIGN_WORKFLOW = 'campaign';

export interface CampaignInput {
  readonly campaignId: string;
  readonly spec: EngineSpec;
  /** Set only by the workflow itself when it continues as new. */
  readonly carried?: CampaignState;
  /** Set likewise: a run that Temporal was asked to cancel takes the request along, which the server does not. */
  readonly cancelRequested?: boolean;
}

/** How a campaign ended. The buckets sum to its total. */
export interface CampaignResult {
  readonly campaign_id: string;
  readonly status: CampaignStatus;
  readonly buckets: Buckets;
  /** Events that came after their call was over, and changed nothing. */
  readonly late_events: number;
}

/** A campaign as its workflow sees it at this moment. Instants are ISO 8601 in UTC. */
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

/**
 * Stops placing. Needs no argument when it is sent by hand; a program that has sent the same command as an update before
 * gives that update's id, and only one of the two is taken up. Ignored when there is nothing to pause.
 */
export const pauseSignal = defineSignal<[updateId?: string]>('pause');
/** Lets a paused campaign go on; its argument is that of `pause`. Ignored when it is not paused. */
export const resumeSignal = defineSignal<[updateId?: string]>('resume');
/** Terminal events of calls, in any order, any number of times. */
export const callEventsSignal = defineSignal<[EndedEvent[]]>('callEvents');
/**
 * Says that a release of the IANA data has appeared (`2026f`). A campaign whose window an older one gave asks for it again;
 * anything else changes nothing.
 */
export const zoneDataSignal = defineSignal<[version: string]>('zoneData');
/** Pauses and answers when nothing is being placed any more. */
export const pauseAndWait = defineUpdate<PauseAcknowledgement>('pauseAndWait');
/** Resumes; refused unless the campaign is paused. */
export const resumeUpdate = defineUpdate<ResumeAcknowledgement>('resume');
/** Ends the campaign: nothing more is placed, live calls are followed to their end. Answers once that is decided. */
export const cancelUpdate = defineUpdate<CancelAcknowledgement>('cancel');
/** Changes the terms; refused, without a trace in history, when they are not whole or the state does not allow it. */
export const editUpdate = defineUpdate<EditAcknowledgement, [CampaignEdit]>('edit');
export const progressQuery = defineQuery<CampaignProgress>('progress');
