/**
 * P12 over all campaigns that share a limit of calls in flight, checked at every step against the ledgers of their calls.
 *
 * A limit that was lowered ends no call, so more may be in flight for a time. What must hold then is that no campaign starts another
 * call once it knows. A campaign knows its share by a number (`revision`). The limits that count for a call are those of the divisions
 * since the last one in which the share that its campaign knew was still its share.
 */
import { idOf } from '../../domain/engine/starting-calls.ts';
import type { Step } from '../../domain/engine/next-step.ts';
import { type Shareholder, totalHeld } from '../../domain/engine/shares.ts';
import type { LedgerCall } from './provider.ts';
import type { SharedLimitWatch } from './shared-limit.ts';
import { check } from './violation.ts';
import type { VirtualRun } from './virtual-run.ts';

/** A turn of those who share fewer calls than they are, and as much again for lost and late reports. */
const TURN_MS = 120_000;
/** Who has a call that ends is a matter of whose turn it is then: several calls of others may come before. */
const ROUNDS = 4;
/** Revisions that a campaign may still know. */
const REVISIONS_KEPT = 200;

export interface SharedLimitInvariantsOptions {
  readonly limitId: string;
  readonly limit: number;
  /** How long a slot may be taken by one call. */
  readonly longestCallMs: number;
  readonly now: () => number;
  /** Whether the provider cannot be relied on. What became of calls is not known then, and each keeps its slot. */
  readonly isInOutage: (now: number) => boolean;
  readonly trace?: ((line: string) => void) | undefined;
}

/** What is known about one campaign that shares the limit. */
interface Member {
  inFlight: number;
  /** The last division in which a share (epoch and revision) was the campaign's. */
  readonly lastCurrent: Map<string, number>;
  /** The division whose limits count for a placement, by call. */
  readonly placedUnder: Map<string, number>;
  /** Since when it needs calls and has no share. */
  hungrySince: number | null;
}

export class SharedLimitInvariants implements SharedLimitWatch {
  readonly counts = { divisions: 0, peak: 0, limitChanges: 0, longestHungerMs: 0 };
  /** What a campaign holds in the table of shares. */
  heldBy: (campaignId: string) => number = () => Infinity;
  private readonly members = new Map<string, Member>();
  private readonly limits: { readonly fromDivision: number; readonly limit: number }[];
  private inFlight = 0;

  constructor(private readonly options: SharedLimitInvariantsOptions) {
    this.limits = [{ fromDivision: 0, limit: options.limit }];
  }

  /**
   * A campaign has decided which calls to start. Calls of a run that does not own the records, such as one that was reset to an
   * earlier state, are refused at the dial.
   */
  decided({ campaignId, state }: VirtualRun, step: Step, ownsRecords = true): void {
    if (step.kind !== 'work' || (step.place.length === 0 && step.repeat.length === 0)) return;
    const { sharedLimits, epoch } = state;
    const share = sharedLimits.find(({ id }) => id === this.options.limitId)?.share;
    const member = this.member(campaignId);
    const known = member.lastCurrent.get(shareKey(epoch, share?.revision ?? 0));
    const isGiven = !ownsRecords || step.place.length === 0 || known !== undefined;
    this.hold('P12', isGiven, () => `${campaignId} starts a call under a share that nobody gave it`);
    const under = known ?? this.counts.divisions;
    for (const contact of step.place) member.placedUnder.set(idOf(campaignId, contact), under);
    for (const callId of step.repeat) member.placedUnder.set(callId, under);
  }

  accepted(campaignId: string, { callId }: LedgerCall): void {
    const member = this.member(campaignId);
    member.inFlight += 1;
    this.inFlight += 1;
    this.counts.peak = Math.max(this.counts.peak, this.inFlight);
    const limit = this.limitSince(member.placedUnder.get(callId) ?? this.counts.divisions);
    member.placedUnder.delete(callId);
    this.hold('P12', this.inFlight <= limit, () => `${this.inFlight} calls in flight, ${limit} allowed (${callId})`);
    const held = this.heldBy(campaignId);
    this.hold('P12', member.inFlight <= held, () => `${member.inFlight} calls in flight of ${held} held (${callId})`);
  }

  ended(campaignId: string): void {
    this.member(campaignId).inFlight -= 1;
    this.inFlight -= 1;
  }

  divided(limit: number, holders: readonly Shareholder[]): void {
    this.counts.divisions += 1;
    const { divisions } = this.counts;
    if (this.limits.at(-1)?.limit !== limit) {
      this.counts.limitChanges += 1;
      this.limits.push({ fromDivision: divisions, limit });
    }
    if (this.options.trace) this.options.trace(describe(this.options.limitId, limit, holders));
    for (const holder of holders) {
      const member = this.member(holder.campaignId);
      const key = shareKey(holder.epoch, holder.revision);
      member.lastCurrent.delete(key);
      member.lastCurrent.set(key, divisions);
      const [oldest] = member.lastCurrent.keys();
      if (oldest !== undefined && member.lastCurrent.size > REVISIONS_KEPT) member.lastCurrent.delete(oldest);
      this.checkHunger(member, holder, limit > 0 && totalHeld(holders) <= limit);
    }
  }

  /** Nobody who could use a call waits for its share for ever. */
  private checkHunger(member: Member, { campaignId, need, share }: Shareholder, mayBeServed: boolean): void {
    const now = this.options.now();
    if (need === 0 || share > 0 || !mayBeServed || this.options.isInOutage(now)) {
      member.hungrySince = null;
      return;
    }
    member.hungrySince ??= now;
    const hungryMs = now - member.hungrySince;
    this.counts.longestHungerMs = Math.max(this.counts.longestHungerMs, hungryMs);
    const patience = ROUNDS * this.members.size * (TURN_MS + this.options.longestCallMs);
    this.hold('fairness', hungryMs <= patience, () => `${campaignId} needs ${need} calls and gets none`);
  }

  private limitSince(division: number): number {
    const from = this.limits.findLastIndex(({ fromDivision }) => fromDivision <= division);
    return Math.max(...this.limits.slice(Math.max(0, from)).map(({ limit }) => limit));
  }

  private member(campaignId: string): Member {
    const known = this.members.get(campaignId);
    if (known) return known;
    const member = { inFlight: 0, lastCurrent: new Map(), placedUnder: new Map(), hungrySince: null };
    this.members.set(campaignId, member);
    return member;
  }

  private hold(promise: string, holds: boolean, detail: () => string): void {
    check(promise, this.options.now(), holds, () => `${this.options.limitId}: ${detail()}`);
  }
}

function shareKey(epoch: number, revision: number): string {
  return `${epoch}.${revision}`;
}

function describe(limitId: string, limit: number, holders: readonly Shareholder[]): string {
  const shares = holders.map(
    ({ campaignId, epoch, revision, need, share, held }) =>
      `${campaignId.slice(-4)} (epoch ${epoch}, revision ${revision}) needs ${need}, share ${share}, holds ${held}`,
  );
  return `${limitId} divided ${limit}: ${shares.join('; ')}`;
}
