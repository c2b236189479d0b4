/**
 * The desk of one virtual run: what workflows/desk.ts holds for a real one. What happens puts news here; the loop in
 * campaign.ts takes it up in the order in which it came.
 */
import { applyEnded, applyFinding, applyPlacement } from '../../domain/engine/calls.ts';
import type { CampaignState } from '../../domain/engine/campaign-state.ts';
import { applyCommand, refusal, type Command } from '../../domain/engine/commands.ts';
import type { CampaignEdit } from '../../domain/engine/editing.ts';
import type { EndedEvent } from '../../domain/engine/outcome.ts';
import type { Waiting } from '../../domain/engine/pacing.ts';
import type { LookUpFinding, PlacementResult } from '../../domain/engine/placement.ts';
import type { ExchangeReply, ExchangeRequest } from '../../domain/engine/roster.ts';
import { applyExchange } from '../../domain/engine/settling.ts';
import type { DialHandle } from './dialling.ts';

export type VirtualMessage =
  | { readonly kind: 'event'; readonly event: EndedEvent }
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'placed'; readonly callId: string; readonly result: PlacementResult }
  | { readonly kind: 'found'; readonly callIds: readonly string[]; readonly findings: readonly LookUpFinding[] }
  | { readonly kind: 'exchanged'; readonly request: ExchangeRequest; readonly reply: ExchangeReply };

export interface VirtualRun {
  readonly id: string;
  state: CampaignState;
  inbox: VirtualMessage[];
  readonly placements: Map<string, DialHandle>;
  readonly edits: CampaignEdit[];
  exchanging: boolean;
  lookingUp: boolean;
  /** The run that this one continues as new, until the roster knows of it; null: none. */
  continuedFrom: string | null;
  waiting: Waiting;
  alarm: { readonly at: number; fired: boolean } | null;
  drain: { readonly until: number } | null;
  drainAgainAt: number;
  /** Whether the server suggests to continue as new. */
  newRunSuggested: boolean;
  /** Whether the loop waits for one activity and for nothing else. */
  blocked: boolean;
  turnComes: boolean;
  /** Whether somebody waits for a pause to be acknowledged. */
  pauseAsked: boolean;
  /** False from the moment at which another run takes its place, or it has come to its end. */
  alive: boolean;
}

export function createRun(id: string, state: CampaignState, continuedFrom: string | null): VirtualRun {
  return {
    id,
    state,
    inbox: [],
    placements: new Map(),
    edits: [],
    exchanging: false,
    lookingUp: false,
    continuedFrom,
    waiting: { for: null, until: null },
    alarm: null,
    drain: null,
    drainAgainAt: 0,
    newRunSuggested: false,
    blocked: false,
    turnComes: false,
    pauseAsked: false,
    alive: true,
  };
}

/** Takes up all that has come in. Returns whether a resume was among it. */
export function processInbox(run: VirtualRun, now: number, spread: () => number): boolean {
  const { state, inbox } = run;
  let resumed = false;
  run.inbox = [];
  for (const item of inbox) {
    switch (item.kind) {
      case 'event':
        applyEnded(state, item.event, now);
        break;
      case 'command':
        if (refusal(state, item.command) === null) {
          applyCommand(state, item.command, now);
          resumed ||= item.command === 'resume';
        }
        break;
      case 'placed':
        applyPlacement(state, item.callId, item.result, now, spread());
        break;
      case 'found':
        for (const [index, finding] of item.findings.entries()) {
          applyFinding(state, item.callIds[index] ?? '', finding, now);
        }
        break;
      case 'exchanged':
        if (item.reply.kind === 'superseded') {
          state.superseded = true;
        } else {
          run.continuedFrom = null;
          applyExchange(state, item.request, item.reply, now);
        }
        break;
    }
  }
  return resumed;
}

function isPlacing({ state }: VirtualRun): boolean {
  for (const id in state.inFlight) if (state.inFlight[id]?.phase === 'placing') return true;
  return false;
}

/** Whether anything may still be sent that is not on record as sent. */
export function mayStillSend({ state }: VirtualRun): boolean {
  for (const id in state.inFlight) {
    const call = state.inFlight[id];
    if (call?.phase === 'placing' || call?.unconfirmed) return true;
  }
  return false;
}

export function isBusy(run: VirtualRun): boolean {
  return run.exchanging || run.lookingUp || isPlacing(run);
}

/** Whether nothing would be lost if the run ended here. */
export function isQuiet(run: VirtualRun): boolean {
  return !isBusy(run) && run.inbox.length === 0 && run.edits.length === 0 && run.continuedFrom === null && !run.blocked;
}
