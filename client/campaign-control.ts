/** Commands and queries of a campaign, over HTTP or through Temporal. */
import type { ChangeCampaignInput } from '../domain/api/campaign-change.ts';
import type { RecordedStatus } from '../domain/api/interruption.ts';
import type {
  CampaignProgress as WorkflowProgress,
  CampaignResult as WorkflowResult,
  CancelAcknowledgement,
  EditAcknowledgement as WorkflowEdit,
  PauseAcknowledgement,
  ResumeAcknowledgement,
} from '../domain/engine/answers.ts';
import type { CommandOptions } from './options.ts';

/**
 * The result of a command. If no worker answers in time, the command is not acknowledged: Temporal keeps it, and it takes
 * effect when a worker runs, but nothing is promised about this moment.
 */
export type Acknowledged<T> = ({ readonly acknowledged: true } & T) | { readonly acknowledged: false };

/** Counters of events, which only the workflow knows. */
type EventCounters = 'late_events' | 'duplicate_events' | 'malformed_signals';

/**
 * The present state of a campaign. Through Temporal it comes from the workflow, with its counters of events. Over HTTP it comes
 * from the database, which is at most half a minute behind while calls run.
 */
export type CampaignProgress = Omit<WorkflowProgress, 'status' | EventCounters> & {
  readonly status: RecordedStatus;
} & Partial<Pick<WorkflowProgress, EventCounters>>;

/** The result of a campaign. The buckets add up to its total. `late_events` is known only through Temporal. */
export type CampaignResult = Omit<WorkflowResult, 'late_events'> & Partial<Pick<WorkflowResult, 'late_events'>>;

/** The state of the campaign after an edit, at `edited_at`. */
export type EditAcknowledgement = Omit<WorkflowEdit, 'status'> & { readonly status: RecordedStatus };

/** Ids are in canonical form. Every method throws RingfenceError. */
export interface CampaignControl {
  pause(id: string, options: CommandOptions): Promise<Acknowledged<PauseAcknowledgement>>;
  resume(id: string, options: CommandOptions): Promise<Acknowledged<ResumeAcknowledgement>>;
  cancel(id: string, options: CommandOptions): Promise<Acknowledged<CancelAcknowledgement>>;
  edit(id: string, change: ChangeCampaignInput, options: CommandOptions): Promise<EditAcknowledgement>;
  progress(id: string): Promise<CampaignProgress>;
  result(id: string): Promise<CampaignResult>;
}
