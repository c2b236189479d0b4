/** What a campaign reports to the coordinator of its connection, and what it does with the answer. */
import { capLeft, isOpen } from './calling-day.ts';
import type { CampaignState } from './campaign-state.ts';
import { hasWork } from './gates.ts';
import { given, isReportDue, reportAgainAt, reported, type SlotNeed } from './known-share.ts';
import type { GivenShare } from './share-messages.ts';
import type { ShareReport } from './shares.ts';

/** What the campaign reports now. Null: nothing. */
export function reportNow(state: CampaignState, inFlight: number, now: number): SlotNeed | null {
  if (!state.facts?.sharesLimit || state.superseded) return null;
  const slots = { need: slotsNeeded(state, inFlight, now), most: state.spec.max_concurrent_calls, inFlight };
  return isReportDue(state.knownShare, slots, now) ? slots : null;
}

/** When a report is due although nothing has changed. Infinity: never. */
export function nextReportAt({ knownShare }: CampaignState): number {
  return knownShare === null ? Infinity : reportAgainAt(knownShare);
}

/** Short waits, for example for a provider in trouble, change nothing: the share would be wanted again soon. */
function slotsNeeded(state: CampaignState, inFlight: number, now: number): number {
  if (state.status !== 'active' || state.ending || !isOpen(state, now) || !hasWork(state)) return 0;
  const { moreToClaim, nextDueAt } = state.roster;
  const someDue = nextDueAt !== null && nextDueAt <= now;
  const contacts = moreToClaim || someDue ? Infinity : state.ready.length;
  const more = Math.max(0, Math.min(capLeft(state), contacts));
  return Math.min(state.spec.max_concurrent_calls, inFlight + more);
}

/** Begins a report. */
export function startReport(state: CampaignState, campaignId: string, slots: SlotNeed, now: number): ShareReport {
  const known = reported(state.knownShare, slots, now);
  state.knownShare = known;
  const { report: number, revision, need } = known;
  return { campaignId, epoch: state.epoch, number, revision, need, inFlight: slots.inFlight };
}

/**
 * Applies a share, in the answer to a report or in a message of the coordinator. Without a limit the campaign adopts its records, as
 * it does when there is a new limit: its calls of the next epoch need no share.
 */
export function applyShare(state: CampaignState, share: GivenShare): void {
  if (share.epoch !== state.epoch || state.knownShare === null) return;
  if (share.limited === false) state.superseded = true;
  else state.knownShare = given(state.knownShare, share);
}
