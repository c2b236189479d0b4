/** What a campaign can be told and asked, whichever way the client takes. */
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
 * What became of a command. When no worker answered in time it is not acknowledged: Temporal keeps it, and the workflow
 * obeys as soon as a worker runs, but nothing is promised about this moment.
 */
export type Acknowledged<T> = ({ readonly acknowledged: true } & T) | { readonly acknowledged: false };

/** Counters of events, which only the workflow has. */
type EventCounters = 'late_events' | 'duplicate_events' | 'malformed_signals';

/**
 * A campaign at this moment: over Temporal as its workflow sees it, with its counters of events; over HTTP as it is on
 * record, which follows the workflow within seconds.
 */
export type CampaignProgress = Omit<WorkflowProgress, 'status' | EventCounters> & {
  readonly status: RecordedStatus;
} & Partial<Pick<WorkflowProgress, EventCounters>>;

/** How a campaign ended. The buckets sum to its total. `late_events` is known over Temporal alone. */
export type CampaignResult = Omit<WorkflowResult, 'late_events'> & Partial<Pick<WorkflowResult, 'late_events'>>;

/** What holds since `edited_at`. */
export type EditAcknowledgement = Omit<WorkflowEdit, 'status'> & { readonly status: RecordedStatus };

/** Every id is a campaign's in its one form. Every method throws RingfenceError. */
export interface CampaignControl {
  pause(id: string, options: CommandOptions): Promise<Acknowledged<PauseAcknowledgement>>;
  resume(id: string, options: CommandOptions): Promise<Acknowledged<ResumeAcknowledgement>>;
  cancel(id: string, options: CommandOptions): Promise<Acknowledged<CancelAcknowledgement>>;
  edit(id: string, change: ChangeCampaignInput, options: CommandOptions): Promise<EditAcknowledgement>;
  progress(id: string): Promise<CampaignProgress>;
  result(id: string): Promise<CampaignResult>;
}
