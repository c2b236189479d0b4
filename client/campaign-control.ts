/** The commands and the query that a campaign's workflow answers. */
import type { RecordedStatus } from '../domain/api/interruption.ts';
import type {
  CampaignProgress as WorkflowProgress,
  CancelAcknowledgement,
  PauseAcknowledgement,
  ResumeAcknowledgement,
} from '../domain/engine/answers.ts';

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

/** Options of a command through Temporal. */
export interface CommandOptions {
  /** Identifies the command: repeats with the same id take effect once. Default: a random id. */
  readonly updateId?: string | undefined;
  /** Milliseconds to wait for a worker's answer. After that the command takes effect later. @defaultValue 15000 */
  readonly timeoutMs?: number | undefined;
  /**
   * Who gives the command, for Temporal's Web UI. It stands in the workflow's history: no names of contacts. Default: a client of
   * Temporal
   */
  readonly by?: string | undefined;
}

/** Every method throws RingfenceError. */
export interface CampaignControl {
  pause(id: string, options?: CommandOptions): Promise<Acknowledged<PauseAcknowledgement>>;
  resume(id: string, options?: CommandOptions): Promise<Acknowledged<ResumeAcknowledgement>>;
  cancel(id: string, options?: CommandOptions): Promise<Acknowledged<CancelAcknowledgement>>;
  progress(id: string): Promise<CampaignProgress>;
}
