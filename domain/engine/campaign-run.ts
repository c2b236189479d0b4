/**
 * One run of a campaign: its state, its inbox, and what is under way. Handlers and activities only add messages and changes. Only
 * the loop processes them and changes the state, so changes never interleave and nothing needs a lock.
 */
import { accountHasRoom } from './account-wait.ts';
import { applyEnded } from './call-ends.ts';
import { applyFinding } from './look-ups.ts';
import { applyPlacement } from './placement-results.ts';
import type { CampaignState, GivenCommand, PacingFacts } from './campaign-state.ts';
import { applyCommand, isRepeat, refusal, type Command } from './commands.ts';
import { mayStillSend } from './in-flight.ts';
import { unsyncedEdit, type CampaignEdit } from './editing.ts';
import type { RingfenceError } from './errors.ts';
import type { Waiting } from './gates.ts';
import type { EndedEvent } from './outcome.ts';
import type { LookUpFinding, PlacementResult } from './placement.ts';
import type { ExchangeReply, ExchangeRequest, RosterSnapshot } from './roster.ts';
import { noteRosterChange } from './roster-changes.ts';
import { adopt, applyExchange } from './settling.ts';
import type { GivenShare } from './share-messages.ts';
import { applyShare } from './share-report.ts';
import { askAboutStops } from './stop-wait.ts';

export type InboxMessage =
  | { readonly kind: 'events'; readonly events: readonly EndedEvent[]; readonly malformed: number }
  | { readonly kind: 'malformed' }
  /** Stops by administrators have begun or ended. */
  | { readonly kind: 'stops_changed' }
  | {
      readonly kind: 'command';
      readonly command: Command;
      /** The id of the update; a repeat carries the same one. Null for a signal sent by hand. */
      readonly id: string | null;
      /** Who gave it. Null: the caller did not say. */
      readonly by: string | null;
      readonly way: 'update' | 'signal';
      readonly done: (refused: string | null) => void;
    }
  /** People were added to the campaign, or taken out of it. */
  | { readonly kind: 'contacts_changed' }
  | { readonly kind: 'placed'; readonly callId: string; readonly result: PlacementResult }
  | { readonly kind: 'found'; readonly callIds: readonly string[]; readonly findings: readonly LookUpFinding[] }
  /** The account may place calls again. */
  | { readonly kind: 'account_room' }
  /** From the coordinator of a shared limit. Null: another run owns the records of the epoch. */
  | { readonly kind: 'share'; readonly epoch: number; readonly share: GivenShare | null }
  | { readonly kind: 'exchanged'; readonly request: ExchangeRequest; readonly reply: ExchangeReply };

export interface PendingEdit {
  readonly kind: 'edit';
  readonly edit: CampaignEdit;
  /** The id of the update; a repeat carries the same one. Null for an edit that is applied again after an adoption. */
  readonly id: string | null;
  readonly done: (refused: RingfenceError | null) => void;
}

/** A change of the terms or of the zone data. It waits until no request may still be sent. */
export type PendingChange = PendingEdit | { readonly kind: 'zone_data'; readonly version: string };

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
  /** Messages that are not processed yet, in order of arrival. */
  readonly inbox: InboxMessage[];
  /** Pending changes in order of arrival. While there is one, no placement starts. */
  readonly changes: PendingChange[];
  exchanging: boolean;
  lookingUp: boolean;
  reporting: boolean;
  /** Whether the workflow received a cancellation request, for example from the Web UI. */
  cancelRequested: boolean;
  /** The predecessor's run id, until the roster knows this run as its owner. Null: none. */
  continuedFrom: string | null;
  /** Whether the state agrees with the records: it was carried from the previous run, or adopted. */
  hasRecords: boolean;
  /** How many times this run has adopted the campaign's records. */
  adoptions: number;
  /** What prevented the next call at the last step. */
  waiting: Waiting;
  drain: Drain | null;
  /** When a drain that was given up is tried again. */
  drainAgainAt: number;
  /** Whether the state was too large for a new run at the last measurement. */
  oversized: boolean;
  /** When the last events of calls arrived. */
  eventsAt: number;
  /** Whether every handler has answered. A run that ends earlier would leave a caller without an answer. */
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
    reporting: false,
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
 * Processes all messages, in order. A run that has not adopted the records yet leaves them: an event would find no call to end.
 * `random` in [0, 1) spreads the pauses of the circuit breaker.
 */
export function processInbox(run: CampaignRun, now: number, random: () => number): void {
  if (!run.hasRecords) return;
  const { state } = run;
  if (isNewlyCancelled(run)) takeCommand(state, { command: 'cancel', by: null, way: 'request' }, now);
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
      case 'stops_changed':
        askAboutStops(state, now);
        break;
      case 'contacts_changed':
        noteRosterChange(state);
        break;
      case 'command':
        message.done(isRepeat(state, message.id) ? null : takeCommand(state, message, now));
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
      case 'account_room':
        accountHasRoom(state);
        break;
      case 'share':
        if (message.share !== null) applyShare(state, message.share);
        else if (message.epoch === state.epoch) state.superseded = true;
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

function takeCommand(
  state: CampaignState,
  { command, by, way }: Pick<GivenCommand, 'command' | 'by' | 'way'>,
  now: number,
): string | null {
  const refused = refusal(state, command);
  if (refused !== null) return refused;
  applyCommand(state, command, now);
  state.lastCommand = { command, at: now, by, way };
  return null;
}

/** Whether the loop has something to process now. */
export function hasNews(run: CampaignRun): boolean {
  if (!run.hasRecords) return true;
  return run.inbox.length > 0 || (run.changes.length > 0 && !mayStillSend(run.state)) || isNewlyCancelled(run);
}

function isNewlyCancelled({ cancelRequested, state }: CampaignRun): boolean {
  return cancelRequested && refusal(state, 'cancel') === null;
}

/** Adopts a snapshot of the records. */
export function takeOver(run: CampaignRun, snapshot: RosterSnapshot, facts: PacingFacts, now: number): void {
  // An edit that was acknowledged but is not recorded yet must survive: it is applied again to the adopted terms.
  const edit = unsyncedEdit(run.state);
  if (edit) run.changes.unshift({ kind: 'edit', edit, id: null, done: () => {} });
  run.continuedFrom = null;
  run.hasRecords = true;
  adopt(run.state, run.campaignId, snapshot, facts, now);
}
