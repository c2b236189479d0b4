/** Everything that can be said to a campaign workflow, and what it answers. */
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
  /** Set likewise: a run that Temporal was asked to cancel takes the request along, which the server does not. */
  readonly cancelRequested?: boolean;
}

/**
 * Stops placing. Needs no argument when it is sent by hand; a program that has sent the same command as an update before
 * gives that update's id, and only one of the two is taken up. Ignored when there is nothing to pause.
 */
export const pauseSignal = signal<[updateId?: string]>('pause');
/** Lets a paused campaign go on; its argument is that of `pause`. Ignored when it is not paused. */
export const resumeSignal = signal<[updateId?: string]>('resume');
/** Terminal events of calls, in any order, any number of times. */
export const callEventsSignal = signal<[EndedEvent[]]>('callEvents');
/**
 * Says that a release of the IANA data has appeared (`2026f`). A campaign whose window an older one gave asks for it again;
 * anything else changes nothing.
 */
export const zoneDataSignal = signal<[version: string]>('zoneData');
/** Pauses and answers when nothing is being placed any more. */
export const pauseAndWait = update<PauseAcknowledgement>('pauseAndWait');
/** Resumes; refused unless the campaign is paused. */
export const resumeUpdate = update<ResumeAcknowledgement>('resume');
/** Ends the campaign: nothing more is placed, live calls are followed to their end. Answers once that is decided. */
export const cancelUpdate = update<CancelAcknowledgement>('cancel');
/** Changes the terms; refused, without a trace in history, when they are not whole or the state does not allow it. */
export const editUpdate = update<EditAcknowledgement, [CampaignEdit]>('edit');
export const progressQuery = query<CampaignProgress>('progress');
