/** The signals, updates and queries of a campaign workflow, and their answers. */
import type { QueryDefinition, SignalDefinition, UpdateDefinition } from '@temporalio/common';
import type { EngineSpec } from '../domain/engine/campaign-spec.ts';
import type {
  CampaignProgress,
  CancelAcknowledgement,
  EditAcknowledgement,
  PauseAcknowledgement,
  ResumeAcknowledgement,
} from '../domain/engine/answers.ts';
import type { CampaignState } from '../domain/engine/campaign-state.ts';
import type { CampaignEdit } from '../domain/engine/editing.ts';
import type { EndedEvent } from '../domain/engine/outcome.ts';
import { type GivenShare, SHARE_GIVEN } from '../domain/engine/share-messages.ts';

export type {
  CampaignProgress,
  CampaignResult,
  EditAcknowledgement,
  PauseAcknowledgement,
} from '../domain/engine/answers.ts';

// As Temporal's own `defineSignal` and so on make them, without the code of its SDK, which a client need not have.
const signal = <A extends unknown[]>(name: string) => ({ type: 'signal', name }) as SignalDefinition<A>;
const update = <T, A extends unknown[] = []>(name: string) => ({ type: 'update', name }) as UpdateDefinition<T, A>;
const query = <T>(name: string) => ({ type: 'query', name }) as QueryDefinition<T>;

/** The name under which the workflow is registered. */
export const CAMPAIGN_WORKFLOW = 'campaign';

export interface CampaignInput {
  readonly campaignId: string;
  readonly spec: EngineSpec;
  /** Set only by the workflow itself when it continues as new. */
  readonly carried?: CampaignState;
  /** Set likewise. It passes a cancellation request to the next run, which the server does not do. */
  readonly cancelRequested?: boolean;
}

/**
 * Pauses the campaign. Sent by hand it needs no argument. A program that has already sent the same command as an update passes that
 * update's id, and only one of the two takes effect. `by` says who pauses it. Ignored if the campaign cannot be paused.
 */
export const pauseSignal = signal<[updateId?: string | null, by?: string]>('pause');
/** Resumes a paused campaign. Same arguments as `pause`. Ignored if the campaign is not paused. */
export const resumeSignal = signal<[updateId?: string | null, by?: string]>('resume');
/** Terminal events of calls, in any order, any number of times. */
export const callEventsSignal = signal<[EndedEvent[]]>('callEvents');
/**
 * Announces a release of the IANA data (`2026f`). A campaign with a window from older data computes it again. Any other release
 * changes nothing.
 */
export const zoneDataSignal = signal<[version: string]>('zoneData');
/** Stops by administrators have begun or ended: the campaign asks the database whether it is stopped. */
export const stopsChangedSignal = signal<[]>('stopsChanged');
/** Says that the account may place calls again today. A campaign that does not wait for that ignores it. */
export const accountRoomSignal = signal<[]>('accountRoom');
/** A share in a limit of calls in flight, from its coordinator. What is older than what the campaign knows changes nothing. */
export const shareGivenSignal = signal<[GivenShare]>(SHARE_GIVEN);
/**
 * People were added to the campaign, or taken out of it. The signal has no contents: the campaign asks its roster. Sent by hand, it
 * makes the campaign look at its roster once.
 */
export const contactsChangedSignal = signal<[]>('contactsChanged');
// The updates `pauseAndWait`, `resume` and `cancel` take an optional argument: who gives the command. It is shown in the Web UI and
// stands in the history, so it must name no contact. Their type has none, because the SDK's types know no optional argument.
/** Pauses the campaign, and answers when no placement is under way. */
export const pauseAndWait = update<PauseAcknowledgement>('pauseAndWait');
/** Resumes the campaign. Refused unless it is paused. */
export const resumeUpdate = update<ResumeAcknowledgement>('resume');
/** Cancels the campaign: no further call is placed, and live calls run to their end. Answers before they have ended. */
export const cancelUpdate = update<CancelAcknowledgement>('cancel');
/** Changes the terms. Refused, without a trace in the history, if the edit is invalid or the state does not allow it. */
export const editUpdate = update<EditAcknowledgement, [CampaignEdit]>('edit');
export const progressQuery = query<CampaignProgress>('progress');
