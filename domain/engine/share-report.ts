/** What a campaign reports to the coordinators of the limits that it shares, and what it does with the answers. */
import { isWaitingForAccount } from './account-wait.ts';
import { capLeft, isOpen, openGroups } from './calling-day.ts';
import type { CampaignState } from './campaign-state.ts';
import { accountOfLimit } from './ids.ts';
import { given as afterGiven, isReportDue, reportAgainAt, reported, type SlotNeed } from './known-share.ts';
import type { GivenShare } from './share-messages.ts';
import type { ShareReport } from './shares.ts';

/** A report that is due. */
export interface DueReport extends SlotNeed {
  readonly limitId: string;
}

/** What the campaign reports now: one report at a time. Null: nothing. */
export function reportNow(state: CampaignState, inFlight: number, now: number): DueReport | null {
  if (state.superseded) return null;
  for (const { id: limitId, share } of state.sharedLimits) {
    const slots = { ...slotsNeeded(state, limitId, inFlight, now), inFlight };
    if (isReportDue(share, slots, now)) return { limitId, ...slots };
  }
  return null;
}

/** When a report is due although nothing has changed. Infinity: never. */
export function nextReportAt({ sharedLimits }: CampaignState): number {
  return Math.min(Infinity, ...sharedLimits.map(({ share }) => (share === null ? Infinity : reportAgainAt(share))));
}

/** A campaign whose trouble at the provider lasts longer needs only the slot of its probe. */
const TROUBLE_LASTS_MS = 60_000;

/** Short waits, for example for a provider in trouble, change nothing: the share would be wanted again soon. */
function slotsNeeded(
  state: CampaignState,
  limitId: string,
  inFlight: number,
  now: number,
): Pick<SlotNeed, 'need' | 'most'> {
  const most = mostUsed(state, limitId);
  const mayCall = state.status === 'active' && state.stop === null && !state.ending && isOpen(state, now);
  if (!mayCall || isWaitingForAccount(state, now)) return { need: 0, most };
  const canClaim = openGroups(state, now).some(
    ({ moreToClaim, nextDueAt }) => moreToClaim || (nextDueAt !== null && nextDueAt <= now),
  );
  const contacts = canClaim ? Infinity : state.ready.length;
  const more = Math.max(0, Math.min(capLeft(state), contacts, hasLastingTrouble(state) ? 1 : Infinity));
  return { need: Math.min(most, inFlight + more), most };
}

/** Until a call is accepted, one probe at a time is all that the campaign dials. Others could use the rest of its share. */
function hasLastingTrouble({ breaker, connectionWait }: CampaignState): boolean {
  if (breaker && breaker.failures > 0 && breaker.openUntil - breaker.since >= TROUBLE_LASTS_MS) return true;
  if (!connectionWait?.trouble || connectionWait.dialled > 0) return false;
  return connectionWait.until - connectionWait.trouble.since >= TROUBLE_LASTS_MS;
}

/**
 * The most calls that the campaign could have in flight under the limit. It asks a connection for no more than its account gives it:
 * other accounts could use the rest. It asks its account for all that it could use. If each of the two waited for the other, both
 * shares would stay low.
 */
function mostUsed({ spec, sharedLimits }: CampaignState, limitId: string): number {
  const ofAccount = sharedLimits.find(({ id }) => accountOfLimit(id) !== null);
  const isOfConnection = accountOfLimit(limitId) === null;
  return isOfConnection && ofAccount
    ? Math.min(spec.max_concurrent_calls, ofAccount.share?.share ?? 0)
    : spec.max_concurrent_calls;
}

/** Begins a report. */
export function startReport(
  state: CampaignState,
  campaignId: string,
  { limitId, ...slots }: DueReport,
  now: number,
): ShareReport {
  const limit = state.sharedLimits.find(({ id }) => id === limitId);
  const share = reported(limit?.share ?? null, slots, now);
  if (limit) limit.share = share;
  const { report: number, revision, need } = share;
  return { campaignId, epoch: state.epoch, number, revision, need, inFlight: slots.inFlight };
}

/**
 * Applies a share, in the answer to a report or in a message of a coordinator. Without a limit the campaign adopts its records, as
 * it does when there is a new limit: its calls of the next epoch need no share.
 */
export function applyShare(state: CampaignState, given: GivenShare): void {
  const limit = state.sharedLimits.find(({ id }) => id === given.limitId);
  if (given.epoch !== state.epoch || !limit?.share) return;
  if (given.limited === false) state.superseded = true;
  else limit.share = afterGiven(limit.share, given);
}
