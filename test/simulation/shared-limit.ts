/**
 * A limit of calls in flight that the campaigns of a connection or of an account share: the table of shares, with the transactions of
 * db/connection-shares.ts and the activities of activities/connection-shares.ts, and the workflow of the coordinator. What is
 * decided is decided by the engine's own functions. A worker may die or freeze between any two steps of an activity, and
 * what it sends after it wakes comes late and a second time.
 */
import {
  type CoordinatorState,
  newCoordinator,
  nextCoordinatorStep,
  type ShareStanding,
  standingOf,
} from '../../domain/engine/share-coordinator.ts';
import type { GivenShare } from '../../domain/engine/share-messages.ts';
import { applyReport, type Shareholder, type ShareReport, shareOut, withoutOwner } from '../../domain/engine/shares.ts';
import { RECORD_ACTIVITIES } from '../../domain/engine/time-limits.ts';
import type { VirtualClock } from './clock.ts';
import { LIVES, type WorkerFate, type WorldModel } from './world-model.ts';

/** Pause of the server before it gives an activity to a worker again. */
const AGAIN_MS = 1_000;

/** A campaign that shares the limit, as its records show it. */
export interface SharingCampaign {
  /** Whether a run of the campaign may dial. */
  readonly hasOwner: boolean;
  /** Calls that were sent since then, or may have been, and of which no end is known. */
  openCalls(sentAfter: number): number;
  /** A signal to the campaign's workflow. False: it has none. */
  hear(share: GivenShare): boolean;
}

/** Who looks on. */
export interface SharedLimitWatch {
  /** The limit was divided, by the coordinator that was alive or by one that was ended meanwhile. */
  divided(limit: number, holders: readonly Shareholder[]): void;
}

interface Coordinator {
  readonly state: CoordinatorState;
  /** Whether it waits for the answer of a division. */
  dividing: boolean;
  suggestsNewRun: boolean;
  /** Of the timer that was set last. */
  restsUntil: number | null;
}

export class VirtualSharedLimit {
  private readonly campaigns = new Map<string, SharingCampaign>();
  private readonly holders = new Map<string, Shareholder>();
  private coordinator: Coordinator | null = null;

  /** @param lostAfterMs how long a call counts as in flight in a campaign without an owner */
  constructor(
    readonly id: string,
    private readonly clock: VirtualClock,
    private readonly world: WorldModel,
    private limit: number,
    private readonly lostAfterMs: number,
    private readonly watch: SharedLimitWatch,
  ) {}

  /** Whether the coordinator has ended and no campaign holds or needs a call. */
  get isIdle(): boolean {
    return this.coordinator === null && [...this.holders.values()].every(({ need, held }) => need === 0 && held === 0);
  }

  join(campaignId: string, campaign: SharingCampaign): void {
    this.campaigns.set(campaignId, campaign);
  }

  /** Another limit is configured. The next division knows it. */
  setLimit(limit: number): void {
    this.limit = limit;
  }

  hasShare(campaignId: string, epoch: number): boolean {
    return this.holders.get(campaignId)?.epoch === epoch;
  }

  shareOf(campaignId: string): Shareholder | undefined {
    return this.holders.get(campaignId);
  }

  /** The activity `reportShare` of a run. `answered` is told the share, or null if the run does not own the records. */
  report(report: ShareReport, isOwner: () => boolean, answered: (share: GivenShare | null) => void): void {
    this.activity(answered, (step, then) => {
      step('before_record', () => {
        const holder = isOwner() ? applyReport(this.holders.get(report.campaignId) ?? null, report) : null;
        if (holder !== null) this.holders.set(report.campaignId, holder);
        step('before_sending', () => {
          if (holder !== null) this.wake();
          step('after_sending', () => then(holder && this.given(holder)));
        });
      });
    });
  }

  /** `signalWithStart`: the coordinator learns that the records contain something new, or begins. */
  wake(): void {
    this.clock.after(this.world.delay('task'), () => {
      this.coordinator ??= newRun();
      this.coordinator.state.told = true;
      this.loop(this.coordinator);
    });
  }

  /** Ends the coordinator. A division that is under way goes on without a listener. */
  terminate(): void {
    this.coordinator = null;
  }

  /** A run of the coordinator from the beginning takes the place of the present one. */
  reset(): void {
    if (this.coordinator === null) return;
    this.coordinator = newRun();
    this.loop(this.coordinator);
  }

  suggestNewRun(): void {
    if (this.coordinator === null) return;
    this.coordinator.suggestsNewRun = true;
    this.loop(this.coordinator);
  }

  /** The workflow `connection`, up to its next wait. */
  private loop(run: Coordinator): void {
    if (this.coordinator !== run || run.dividing) return;
    const step = nextCoordinatorStep(run.state, run.suggestsNewRun, this.clock.now);
    switch (step.kind) {
      case 'divide':
        run.dividing = true;
        run.state.told = false;
        this.divide((standing) => {
          run.dividing = false;
          run.state.standing = standing;
          run.state.dividedAt = this.clock.now;
          this.loop(run);
        });
        return;
      case 'rest':
        if (run.restsUntil === step.until) return;
        run.restsUntil = step.until;
        this.clock.at(step.until, () => this.loop(run));
        return;
      case 'continue_as_new':
        this.coordinator = newRun();
        this.loop(this.coordinator);
        return;
      case 'end':
        this.coordinator = null;
    }
  }

  /** The activity `divideConnection`. */
  private divide(answered: (standing: ShareStanding) => void): void {
    this.activity(answered, (step, then) => {
      step('before_record', () => {
        const { limit } = this;
        const withoutRun = this.divideNow(limit);
        const holders = [...this.holders.values()];
        const news = holders.filter((one) => one.revision > one.told && !withoutRun.has(one.campaignId));
        step('before_sending', () => {
          const told: Shareholder[] = [];
          for (const holder of news) this.tell(holder, told);
          step('after_sending', () => {
            for (const { campaignId, epoch, revision } of told) this.noteTold(campaignId, epoch, revision);
            then(standingOf(limit, holders, withoutRun, false));
          });
        });
      });
    });
  }

  private divideNow(limit: number): ReadonlySet<string> {
    const { now } = this.clock;
    const withoutRun = new Set<string>();
    const before: Shareholder[] = [];
    for (const holder of this.sorted()) {
      const campaign = this.campaigns.get(holder.campaignId);
      if (campaign === undefined) continue;
      if (campaign.hasOwner) {
        before.push(holder);
        continue;
      }
      withoutRun.add(holder.campaignId);
      const left = withoutOwner(holder, campaign.openCalls(now - this.lostAfterMs));
      if (left.held > 0) before.push(left);
    }
    this.holders.clear();
    for (const holder of shareOut(limit, before, now)) this.holders.set(holder.campaignId, holder);
    this.watch.divided(limit, [...this.holders.values()]);
    return withoutRun;
  }

  private sorted(): Shareholder[] {
    return [...this.holders.values()].toSorted((a, b) => (a.campaignId < b.campaignId ? -1 : 1));
  }

  private tell(holder: Shareholder, told: Shareholder[]): void {
    if (this.campaigns.get(holder.campaignId)?.hear(this.given(holder))) told.push(holder);
  }

  private given({ epoch, revision, share, held }: Shareholder): GivenShare {
    return { limitId: this.id, epoch, revision, share, held };
  }

  private noteTold(campaignId: string, epoch: number, revision: number): void {
    const holder = this.holders.get(campaignId);
    if (holder?.epoch !== epoch) return;
    this.holders.set(campaignId, { ...holder, told: Math.max(holder.told, revision) });
  }

  /**
   * Runs an activity until a try of it has answered. A try whose worker is not heard of any more is followed by another; if it
   * was only frozen, it goes on where it was, beside the other.
   */
  private activity<T>(
    answered: (answer: T) => void,
    work: (step: (point: WorkerFate['at'], goOn: () => void) => void, then: (answer: T) => void) => void,
  ): void {
    const { clock, world } = this;
    let isAnswered = false;
    const begin = (): void => {
      if (isAnswered) return;
      const fate = world.worker();
      const isLost = world.repeatsExchange();
      const step = (point: WorkerFate['at'], goOn: () => void): void => {
        const { at, forMs } = fate;
        const frozenMs = at === point ? forMs : LIVES.forMs;
        if (frozenMs !== Infinity) clock.after(frozenMs + world.delay('roster'), goOn);
      };
      let isOver = false;
      const again = (): void => {
        if (isOver) return;
        isOver = true;
        clock.after(AGAIN_MS, begin);
      };
      if (fate.at !== LIVES.at) clock.after(RECORD_ACTIVITIES.startToCloseMs, again);
      work(step, (answer) => {
        if (isOver) return;
        if (isLost) return again();
        isOver = true;
        if (isAnswered) return;
        isAnswered = true;
        answered(answer);
      });
    };
    clock.after(world.delay('task'), begin);
  }
}

function newRun(): Coordinator {
  return { state: newCoordinator(), dividing: false, suggestsNewRun: false, restsUntil: null };
}
