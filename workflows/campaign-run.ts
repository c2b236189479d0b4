/**
 * The run of one campaign run: its state, what has come in and not been taken up, and what is under way. Handlers and
 * activities only put news here; the main loop alone takes it up and changes the state.
 */
import { ApplicationFailure, type CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { CampaignState } from '../domain/engine/campaign-state.ts';
import { applyEnded, applyFinding, applyPlacement } from '../domain/engine/calls.ts';
import { applyCommand, isRepeat, newCampaign, refusal, type Command } from '../domain/engine/commands.ts';
import { CampaignState as StateSchema } from '../domain/engine/campaign-state.ts';
import type { CampaignEdit } from '../domain/engine/editing.ts';
import type { RingfenceError } from '../domain/engine/errors.ts';
import { Uuid, workflowId } from '../domain/engine/ids.ts';
import type { EndedEvent } from '../domain/engine/outcome.ts';
import type { Waiting } from '../domain/engine/pacing.ts';
import type { LookUpFinding, PlacementResult } from '../domain/engine/placement.ts';
import type { ExchangeReply, ExchangeRequest } from '../domain/engine/roster.ts';
import { applyExchange } from '../domain/engine/settling.ts';
import type { CampaignInput } from './messages.ts';

export type InboxMessage =
  | { readonly kind: 'events'; readonly events: readonly EndedEvent[]; readonly malformed: number }
  | { readonly kind: 'malformed' }
  | {
      readonly kind: 'command';
      readonly command: Command;
      readonly id: string | null;
      readonly done: (refused: string | null) => void;
    }
  | { readonly kind: 'placed'; readonly callId: string; readonly result: PlacementResult }
  | { readonly kind: 'found'; readonly callIds: readonly string[]; readonly findings: readonly LookUpFinding[] }
  | { readonly kind: 'exchanged'; readonly request: ExchangeRequest; readonly reply: ExchangeReply };

/** A change of the terms or of the zone data, either of which waits until nothing is being placed. */
export type PendingChange =
  | {
      readonly kind: 'edit';
      readonly edit: CampaignEdit;
      readonly done: (refused: RingfenceError | null) => void;
    }
  | { readonly kind: 'zone_data'; readonly version: string };

export interface CampaignRun {
  readonly campaignId: string;
  readonly state: CampaignState;
  readonly inbox: InboxMessage[];
  /** Of the placements since the last taking back: to cancel it takes back those that have not been sent. */
  placementScope: CancellationScope | null;
  /** In the order in which they came. While there is one, no placement starts. */
  readonly changes: PendingChange[];
  exchanging: boolean;
  lookingUp: boolean;
  /** Set by a cancel request for the workflow itself, as the Web UI sends it. */
  cancelRequested: boolean;
  /** This run carries its predecessor's state and has not yet made itself known to the roster. */
  continued: boolean;
  /** How many times this run has adopted the campaign's records. */
  adoptions: number;
  waiting: Waiting;
  alarm: Alarm | null;
  drain: Drain | null;
  /** When a drain that could not be finished is tried again. */
  drainAgainAt: number;
  /** Whether the state was too large for a new run when it was measured last. */
  oversized: boolean;
  /** When events of calls came last. */
  heardAt: number;
}

/** One timer for the earliest instant that matters; it lives across turns and is armed anew only for an earlier one. */
export interface Alarm {
  readonly at: number;
  readonly scope: CancellationScope;
  fired: boolean;
}

/** A pause in placing, so that the run can end with nothing under way. */
export interface Drain {
  /** When to give it up. */
  readonly until: number;
  /** Since when nothing has been under way. */
  quietSince: number | null;
}

/**
 * Fails the workflow, which was started by hand then, where no campaign can have such an id, or where the workflow is not the
 * campaign's own: Temporal keeps two runs of one id from living side by side, and of two ids it would not.
 */
function ownId({ campaignId }: CampaignInput): string {
  const read = Uuid.safeParse(campaignId);
  if (!read.success) {
    throw ApplicationFailure.nonRetryable('campaignId must be the id of a campaign: a UUID.', 'validation_error');
  }
  const own = workflowId(read.data);
  if (workflowInfo().workflowId === own) return read.data;
  throw ApplicationFailure.nonRetryable(
    `A campaign runs as the workflow ${own}: start it under that id.`,
    'misconfigured',
  );
}

export function createRun(input: CampaignInput, now: number): CampaignRun {
  return {
    campaignId: ownId(input),
    state: input.carried ? StateSchema.parse(input.carried) : newCampaign(input.spec, now),
    inbox: [],
    placementScope: null,
    changes: [],
    exchanging: false,
    lookingUp: false,
    cancelRequested: input.cancelRequested ?? false,
    continued: input.carried !== undefined,
    adoptions: 0,
    waiting: { for: null, until: null },
    alarm: null,
    drain: null,
    drainAgainAt: 0,
    oversized: false,
    heardAt: 0,
  };
}

/** Takes up all that has come in, in the order in which it came. */
export function processInbox(run: CampaignRun, now: number, random: () => number): void {
  const { state } = run;
  if (run.cancelRequested && refusal(state, 'cancel') === null) applyCommand(state, 'cancel', now);
  for (const item of run.inbox.splice(0)) {
    switch (item.kind) {
      case 'events':
        run.heardAt = now;
        for (const event of item.events) applyEnded(state, event, now);
        state.heard.malformed += item.malformed;
        break;
      case 'malformed':
        state.heard.malformed += 1;
        break;
      case 'command': {
        const refused = isRepeat(state, item.id) ? null : take(state, item.command, now);
        item.done(refused);
        break;
      }
      case 'placed':
        applyPlacement(state, item.callId, item.result, now, random());
        break;
      case 'found':
        for (const [index, finding] of item.findings.entries()) {
          const id = item.callIds[index];
          if (id !== undefined) applyFinding(state, id, finding, now);
        }
        break;
      case 'exchanged':
        if (item.reply.kind === 'superseded') {
          state.superseded = true;
        } else {
          run.continued = false;
          applyExchange(state, item.request, item.reply, now);
        }
        break;
    }
  }
}

function take(state: CampaignState, command: Command, now: number): string | null {
  const refused = refusal(state, command);
  if (refused === null) applyCommand(state, command, now);
  return refused;
}

/** Whether a placement, a look-up or an exchange is under way. */
export function isBusy(run: CampaignRun): boolean {
  return run.exchanging || run.lookingUp || isPlacing(run);
}

export function isPlacing(run: CampaignRun): boolean {
  return Object.values(run.state.inFlight).some((call) => call.phase === 'placing');
}

/** Whether anything may still be sent that is not on record as sent: a pause is not complete before, nor may terms change. */
export function mayStillSend(run: CampaignRun): boolean {
  return Object.values(run.state.inFlight).some((call) => call.phase === 'placing' || call.unconfirmed);
}
