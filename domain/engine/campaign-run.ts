/**
 * One run of a campaign: its state, its inbox, and what is under way. Handlers and activities only add messages and changes;
 * the loop alone takes them up and changes the state. So no two changes interleave, and nothing needs a lock.
 */
import { applyEnded, applyFinding, applyPlacement } from './calls.ts';
import type { CampaignState, PacingFacts } from './campaign-state.ts';
import { applyCommand, isRepeat, refusal, type Command } from './commands.ts';
import { mayStillSend } from './in-flight.ts';
import { unsyncedEdit, type CampaignEdit } from './editing.ts';
import type { RingfenceError } from './errors.ts';
import type { Waiting } from './gates.ts';
import type { EndedEvent } from './outcome.ts';
import type { LookUpFinding, PlacementResult } from './placement.ts';
import type { ExchangeReply, ExchangeRequest, RosterSnapshot } from './roster.ts';
import { adopt, applyExchange } from './settling.ts';

export type InboxMessage =
  | { readonly kind: 'events'; readonly events: readonly EndedEvent[]; readonly malformed: number }
  | { readonly kind: 'malformed' }
  | {
      readonly kind: 'command';
      readonly command: Command;
      /** The id of the update; a repeat carries the same one. Null for a signal sent by hand. */
      readonly id: string | null;
      readonly done: (refused: string | null) => void;
    }
  | { readonly kind: 'placed'; readonly callId: string; readonly result: PlacementResult }
  | { readonly kind: 'found'; readonly callIds: readonly string[]; readonly findings: readonly LookUpFinding[] }
  | { readonly kind: 'exchanged'; readonly request: ExchangeRequest; readonly reply: ExchangeReply };

/** A change of the terms or of the zone data. Either waits until no call is on its way out. */
export type PendingChange =
  | {
      readonly kind: 'edit';
      readonly edit: CampaignEdit;
      readonly done: (refused: RingfenceError | null) => void;
    }
  | { readonly kind: 'zone_data'; readonly version: string };

/** A pause in placing, so that the run can end with nothing under way. */
export interface Drain {
  /** When to give it up. */
  readonly until: number;
  /** Since when nothing has been under way. */
  quietSince: number | null;
}

export interface CampaignRun {
  readonly campaignId: string;
  state: CampaignState;
  /** What came in and is not taken up yet, in order. */
  readonly inbox: InboxMessage[];
  /** In the order in which they came. While there is one, no placement starts. */
  readonly changes: PendingChange[];
  exchanging: boolean;
  lookingUp: boolean;
  /** Whether the workflow itself was asked to cancel, as the Web UI does it. */
  cancelRequested: boolean;
  /** The run that this one continues as new, until the roster knows this one as its owner; null: none. */
  continuedFrom: string | null;
  /** Whether the state says what the records say: carried from the run before, or adopted. */
  hasRecords: boolean;
  /** How many times this run has adopted the campaign's records. */
  adoptions: number;
  /** What kept the next call from starting when the last step was decided. */
  waiting: Waiting;
  drain: Drain | null;
  /** When a drain that was given up is tried again. */
  drainAgainAt: number;
  /** Whether the state was too large for a new run when it was measured last. */
  oversized: boolean;
  /** When events of calls came last. */
  eventsAt: number;
  /** Whether every handler has answered. A run that ended before would leave its caller without an answer. */
  readonly handlersFinished: () => boolean;
}

export function createRun(
  start: Pick<CampaignRun, 'campaignId' | 'state' | 'handlersFinished'> &
    Partial<Pick<CampaignRun, 'continuedFrom' | 'cancelRequested' | 'hasRecords'>>,
): CampaignRun {
  return {
    inbox: [],
    changes: [],
    exchanging: false,
    lookingUp: false,
    cancelRequested: false,
    continuedFrom: null,
    hasRecords: typeof start.continuedFrom === 'string',
    adoptions: 0,
    waiting: { for: null, until: null },
    drain: null,
    drainAgainAt: 0,
    oversized: false,
    eventsAt: 0,
    ...start,
  };
}

/**
 * Takes up all that has come in, in order. A run that has not adopted the records yet leaves it: an event would find no call to
 * end. `random` spreads the pauses of provider trouble.
 */
export function processInbox(run: CampaignRun, now: number, random: () => number): void {
  if (!run.hasRecords) return;
  const { state } = run;
  if (isNewlyCancelled(run)) applyCommand(state, 'cancel', now);
  for (const message of run.inbox.splice(0)) {
    switch (message.kind) {
      case 'events':
        run.eventsAt = now;
        for (const event of message.events) applyEnded(state, event, now);
        state.heard.malformed += message.malformed;
        break;
      case 'malformed':
        state.heard.malformed += 1;
        break;
      case 'command':
        message.done(isRepeat(state, message.id) ? null : takeCommand(state, message.command, now));
        break;
      case 'placed':
        applyPlacement(state, message.callId, message.result, now, random());
        break;
      case 'found':
        for (const [index, finding] of message.findings.entries()) {
          const id = message.callIds[index];
          if (id !== undefined) applyFinding(state, id, finding, now);
        }
        break;
      case 'exchanged':
        if (message.reply.kind === 'superseded') {
          state.superseded = true;
        } else {
          run.continuedFrom = null;
          applyExchange(state, message.request, message.reply, now);
        }
        break;
    }
  }
}

function takeCommand(state: CampaignState, command: Command, now: number): string | null {
  const refused = refusal(state, command);
  if (refused === null) applyCommand(state, command, now);
  return refused;
}

/** Whether the loop has something to take up before the next instant that it waits for. */
export function hasNews(run: CampaignRun): boolean {
  if (!run.hasRecords) return true;
  return run.inbox.length > 0 || (run.changes.length > 0 && !mayStillSend(run.state)) || isNewlyCancelled(run);
}

function isNewlyCancelled({ cancelRequested, state }: CampaignRun): boolean {
  return cancelRequested && refusal(state, 'cancel') === null;
}

/** Takes over what the records say. */
export function takeOver(run: CampaignRun, snapshot: RosterSnapshot, facts: PacingFacts, now: number): void {
  // An edit that was acknowledged but is not on record yet must survive: it is made once more on what the records say.
  const edit = unsyncedEdit(run.state);
  if (edit) run.changes.unshift({ kind: 'edit', edit, done: () => {} });
  run.continuedFrom = null;
  run.hasRecords = true;
  adopt(run.state, run.campaignId, snapshot, facts, now);
}
