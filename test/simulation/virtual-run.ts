/** A campaign run on virtual time: the engine's run, with what a workflow worker and the server keep beside it. */
import { createRun, type CampaignRun } from '../../domain/engine/campaign-run.ts';
import type { CampaignState } from '../../domain/engine/campaign-state.ts';
import type { DialHandle } from './dialling.ts';
import { Handlers } from './handlers.ts';

export interface VirtualRun extends CampaignRun {
  readonly id: string;
  readonly placements: Map<string, DialHandle>;
  readonly handlers: Handlers;
  timer: { readonly at: number; fired: boolean } | null;
  /** What the server says about the history. */
  history: { readonly continueAsNewSuggested: boolean; readonly events: number };
  /** Whether the loop waits for one activity and for nothing else. */
  blocked: boolean;
  /** Whether a workflow task is on its way to the worker. */
  isTaskScheduled: boolean;
  /** False from the moment at which another run takes its place, or it has come to its end. */
  alive: boolean;
}

export function openVirtualRun(
  id: string,
  campaignId: string,
  state: CampaignState,
  start: Partial<Pick<CampaignRun, 'continuedFrom' | 'cancelRequested' | 'hasRecords'>> = {},
): VirtualRun {
  const handlers = new Handlers();
  return {
    ...createRun({ campaignId, state, handlersFinished: () => handlers.finished, ...start }),
    id,
    placements: new Map(),
    handlers,
    timer: null,
    history: { continueAsNewSuggested: false, events: 0 },
    blocked: false,
    isTaskScheduled: false,
    alive: true,
  };
}
