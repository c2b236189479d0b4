/**
 * A whole campaign on virtual time: the same core and the same loop as workflows/campaign.ts, with a roster on maps, a
 * provider with a ledger, and everything that a server, workers and a database do in between left to a world. It does
 * no I/O and reads no clock: with the same world it takes the same course.
 *
 * A run is `blocked` while the loop waits for one activity, otherwise it takes a turn whenever there is news or its
 * alarm has gone off, a moment later and for all that has come in until then. A run is followed by another when it
 * continues as new, is reset to an earlier state, or is started afresh; only the latest is alive.
 */
import { applyWindow } from '../../domain/engine/calling-day.ts';
import { idOf, startPlacing, startRepeating } from '../../domain/engine/calls.ts';
import { CampaignState, type CampaignStatus, type PacingFacts } from '../../domain/engine/campaign-state.ts';
import type { EngineSpec } from '../../domain/engine/campaign-spec.ts';
import { advance, newCampaign, type Command } from '../../domain/engine/commands.ts';
import {
  applyEdit,
  editedSpec,
  editRefusal,
  needsRecount,
  unsyncedEdit,
  type CampaignEdit,
  type Recount,
} from '../../domain/engine/editing.ts';
import { decide, type Plan } from '../../domain/engine/pacing.ts';
import { adopt, exchangeRequest, liveBuckets } from '../../domain/engine/settling.ts';
import type { Buckets } from '../../domain/engine/tally.ts';
import { windowAt } from '../../domain/windows/windows.ts';
import { VirtualClock } from './clock.ts';
import type { WorldModel } from './world-model.ts';
import {
  isBusy,
  isQuiet,
  mayStillSend,
  createRun,
  processInbox,
  type VirtualMessage,
  type VirtualRun,
} from './campaign-run.ts';
import { Dialling } from './dialling.ts';
import { VirtualProvider, type LedgerCall, type VirtualProviderFacts } from './provider.ts';
import { VirtualRoster, type RosterListener } from './roster.ts';

const DRAIN_MS = 2_000;
const TRY_AGAIN_AFTER_MS = 30_000;
const EXCHANGE_AGAIN_MS = 1_000;

/** Who looks on. Nothing here may change what it is shown. */
export interface CampaignWatch extends RosterListener {
  accepted(call: LedgerCall, sentAt: number): void;
  ended(call: LedgerCall): void;
  /** The loop has taken up its news and decided. */
  turned(run: VirtualRun, plan: Plan): void;
  pauseAcknowledged(): void;
  resumed(): void;
  termsChanged(spec: EngineSpec): void;
  /** A run without its predecessor's state has begun, or has taken over what is in the records. */
  tookOver(): void;
}

export interface VirtualCampaignOptions {
  readonly campaignId: string;
  readonly spec: EngineSpec;
  /** How many contacts there are. */
  readonly contacts: number;
  readonly startsAt: number;
  readonly provider: VirtualProviderFacts;
  readonly graceMs: number;
  readonly world: WorldModel;
}

export class VirtualCampaign {
  readonly clock: VirtualClock;
  readonly roster: VirtualRoster;
  readonly provider: VirtualProvider;
  result: { readonly status: CampaignStatus; readonly buckets: Buckets; readonly endedAt: number } | null = null;
  private readonly dialling: Dialling;
  private readonly facts: PacingFacts;
  private run: VirtualRun;
  private runs = 1;
  /** A state to which a reset may go back, and what was told to the campaign since. */
  private savePoint: { state: string; commands: VirtualMessage[]; edits: CampaignEdit[] } | null = null;

  constructor(
    private readonly options: VirtualCampaignOptions,
    private readonly watch: CampaignWatch,
  ) {
    const { campaignId, contacts, spec, startsAt, provider, world, graceMs } = options;
    this.clock = new VirtualClock(startsAt);
    this.roster = new VirtualRoster(campaignId, contacts, spec, watch);
    this.provider = new VirtualProvider(provider, this.clock, world, {
      accepted: (call, sentAt) => watch.accepted(call, sentAt),
      ended: (call) => watch.ended(call),
      event: (event) => {
        const news = this.dialling.takeIn(event);
        if (news) this.clock.after(world.delay('task'), () => this.put(this.run, { kind: 'event', event: news }));
      },
    });
    this.dialling = new Dialling(this.clock, world, this.roster, this.provider);
    this.facts = {
      dialMarginMs: provider.requestTimeoutMs + provider.queueBoundMs,
      callLifetimeMs: provider.queueBoundMs + provider.callLifetimeMs,
      graceMs,
      keyTtlMs: provider.keyTtlMs,
      searchAttributes: false,
    };
    this.run = this.startFresh();
  }

  get state(): CampaignState {
    return this.run.state;
  }

  /** Goes on until the campaign is over, or `until`, or nothing will ever happen again; false in the last case. */
  go(until = Infinity): boolean {
    while (!this.result && this.clock.now < until) if (!this.clock.step()) return false;
    return true;
  }

  command(command: Command): void {
    if (command === 'pause' && this.state.status !== 'paused') this.run.pauseAsked = true;
    this.savePoint?.commands.push({ kind: 'command', command });
    this.put(this.run, { kind: 'command', command });
  }

  /** Changes terms as the request for it does: what is not given stays as it is at this moment. */
  edit(change: Partial<Pick<EngineSpec, 'schedule' | 'max_concurrent_calls' | 'max_calls_per_day'>>): void {
    const edit = { spec: { ...this.state.spec, ...change }, terms: { ...change } };
    this.savePoint?.edits.push(edit);
    this.run.edits.push(edit);
    this.wake(this.run);
  }

  suggestNewRun(): void {
    this.run.newRunSuggested = true;
    this.wake(this.run);
  }

  /** The state goes through its schema and JSON, as between two runs, if nothing is under way. Nothing may come of it. */
  roundTrip(): boolean {
    if (!isQuiet(this.run)) return false;
    this.run.state = CampaignState.parse(JSON.parse(JSON.stringify(this.run.state)));
    return true;
  }

  /** Remembers this moment as one to which a reset may go back, if nothing is under way. */
  save(): void {
    if (isQuiet(this.run)) this.savePoint = { state: JSON.stringify(this.state), commands: [], edits: [] };
  }

  /**
   * What is under way goes on without a listener, and a run with an earlier state takes over. What was told to the
   * campaign since is told again, or, where `forgetful`, is left out if the records know of it.
   */
  reset(forgetful: boolean): void {
    if (this.result || !this.savePoint || (forgetful && !this.isTold())) return;
    const { state, commands, edits } = this.savePoint;
    this.run.alive = false;
    this.run = createRun(this.nextRunId(), CampaignState.parse(JSON.parse(state)), null);
    if (!forgetful) {
      this.run.inbox.push(...commands);
      this.run.edits.push(...edits);
    }
    this.watch.tookOver();
    this.wake(this.run);
  }

  /** As after a terminate: a run without any state takes over. What the records do not know is lost, so they must. */
  restart(): void {
    if (this.result || !this.isTold()) return;
    this.run.alive = false;
    this.run = this.startFresh();
  }

  /** Whether the records know of all that was told to the campaign. */
  private isTold(): boolean {
    const { lastSync, status, ending, pendingTerms } = this.state;
    const waits = this.run.edits.length > 0 || this.run.inbox.some(({ kind }) => kind === 'command');
    return lastSync.status === status && ending === null && pendingTerms === null && !waits;
  }

  private startFresh(): VirtualRun {
    this.savePoint = null;
    const run = createRun(this.nextRunId(), newCampaign(this.options.spec, this.clock.now), null);
    this.adoptRecords(run);
    return run;
  }

  private nextRunId(): string {
    return `run-${this.runs++}`;
  }

  private put(run: VirtualRun, message: VirtualMessage): void {
    if (!run.alive) return;
    run.inbox.push(message);
    this.wake(run);
  }

  private wake(run: VirtualRun): void {
    if (run.blocked || run.turnComes || !run.alive) return;
    run.turnComes = true;
    this.clock.after(this.options.world.delay('task'), () => {
      run.turnComes = false;
      if (run.alive && !run.blocked) this.turns(run);
    });
  }

  /** The loop of the workflow, up to its next wait. */
  private turns(run: VirtualRun): void {
    while (run.alive) {
      const { now } = this.clock;
      if (processInbox(run, now, () => this.options.world.spread())) this.watch.resumed();
      advance(run.state, now);
      const plan = decide(run.state, now, { exchange: run.exchanging, lookUp: run.lookingUp });
      run.waiting = plan.waiting;
      this.watch.turned(run, plan);
      if (run.state.superseded && !isBusy(run)) this.adoptRecords(run);
      else if (run.edits.length > 0 && !mayStillSend(run)) {
        if (this.takeEdit(run)) continue;
      } else if (plan.askWindowFrom !== null) this.askWindow(run, plan.askWindowFrom);
      else if (plan.close) this.skipWaiting(run);
      else if (plan.finished) this.finish(run);
      else this.carryOn(run, plan, now);
      this.acknowledge(run);
      return;
    }
  }

  private carryOn(run: VirtualRun, plan: Plan, now: number): void {
    this.considerNewRun(run, now);
    this.carryOut(run, plan, now);
    if (run.drain && isQuiet(run)) this.continueAsNew(run);
    else this.armAlarm(run, plan.wakeAt);
    if (run.edits.length > 0 && !mayStillSend(run)) this.wake(run);
  }

  private carryOut(run: VirtualRun, plan: Plan, now: number): void {
    const { state } = run;
    if (state.status === 'paused' || state.ending || run.edits.length > 0) {
      for (const placement of run.placements.values()) placement.cancel();
      run.placements.clear();
    }
    if (run.drain) {
      const unconfirmed = plan.lookUp.filter((id) => state.inFlight[id]?.unconfirmed);
      if (unconfirmed.length > 0) this.startLookUp(run, unconfirmed);
      return;
    }
    if (run.continuedFrom === null && run.edits.length === 0) this.startPlacements(run, plan, now);
    if (plan.lookUp.length > 0) this.startLookUp(run, plan.lookUp);
    if (plan.exchange || (run.continuedFrom !== null && !run.exchanging))
      this.startExchange(run, plan.exchange?.want ?? 0);
  }

  private startPlacements(run: VirtualRun, plan: Plan, now: number): void {
    for (const id of plan.repeat) {
      startRepeating(run.state, id);
      this.place(run, id);
    }
    for (const contact of run.state.ready.splice(0, plan.place.length)) {
      const id = idOf(this.options.campaignId, contact);
      startPlacing(run.state, id, contact, now);
      this.place(run, id);
    }
  }

  private place(run: VirtualRun, callId: string): void {
    const call = run.state.inFlight[callId];
    if (!call) return;
    const { seq, attempt, placement, day, notAfter } = call;
    const handle = this.dialling.dial({ callId, seq, attempt, placement, day, notAfter }, run.id, (result) => {
      if (run.placements.get(callId) === handle) run.placements.delete(callId);
      this.put(run, { kind: 'placed', callId, result });
    });
    run.placements.set(callId, handle);
  }

  private startLookUp(run: VirtualRun, callIds: readonly string[]): void {
    const { world } = this.options;
    run.lookingUp = true;
    const asked = callIds.map((id) => {
      const call = run.state.inFlight[id];
      if (call) call.checkAt = null;
      return { id, seq: call?.seq ?? 0, attempt: call?.attempt ?? 0, placement: call?.placement ?? 0 };
    });
    this.clock.after(world.delay('look_up'), () => {
      const findings = asked.map(({ id, seq, attempt, placement }) =>
        this.dialling.lookUp(id, seq, attempt, placement),
      );
      this.clock.after(world.delay('look_up'), () => {
        run.lookingUp = false;
        this.put(run, { kind: 'found', callIds, findings });
      });
    });
  }

  private startExchange(run: VirtualRun, want: number): void {
    const { world, campaignId } = this.options;
    const request = exchangeRequest(run.state, campaignId, want, run.waiting, run.continuedFrom, this.clock.now);
    run.exchanging = true;
    const transact = (): void => {
      const reply = this.roster.exchange(request, run.id);
      if (world.repeatsExchange()) this.clock.after(EXCHANGE_AGAIN_MS, transact);
      else {
        this.clock.after(world.delay('roster'), () => {
          run.exchanging = false;
          this.put(run, { kind: 'exchanged', request, reply });
        });
      }
    };
    this.clock.after(world.delay('roster'), transact);
  }

  /** Lets the loop wait for one activity: `act` at the worker, `take` back in the run. */
  private awaits<T>(run: VirtualRun, step: 'roster' | 'window', act: () => T, take: (answer: T) => void): void {
    const { world } = this.options;
    run.blocked = true;
    this.clock.after(world.delay(step), () => {
      if (!run.alive) return;
      const answer = act();
      this.clock.after(world.delay(step), () => {
        if (!run.alive) return;
        run.blocked = false;
        take(answer);
        if (run.alive) this.turns(run);
      });
    });
  }

  private adoptRecords(run: VirtualRun): void {
    this.awaits(
      run,
      'roster',
      () => this.roster.adopt(run.id, this.clock.now),
      (snapshot) => {
        const again = unsyncedEdit(run.state);
        if (again) run.edits.unshift(again);
        run.continuedFrom = null;
        adopt(run.state, this.options.campaignId, snapshot, this.facts, this.clock.now);
        this.watch.tookOver();
        this.watch.termsChanged(run.state.spec);
      },
    );
  }

  private askWindow(run: VirtualRun, from: number): void {
    const { schedule } = run.state.spec;
    this.awaits(
      run,
      'window',
      () => ({ window: windowAt(schedule, from), facts: this.facts }),
      (answer) => applyWindow(run.state, answer, this.clock.now),
    );
  }

  /** Returns whether the loop may go on at once. */
  private takeEdit(run: VirtualRun): boolean {
    const edit = run.edits.shift();
    if (!edit || editRefusal(run.state, edit, this.clock.now) !== null) return true;
    const apply = (recount: Recount | null): void => {
      applyEdit(run.state, edit, recount, this.clock.now);
      this.watch.termsChanged(run.state.spec);
    };
    if (!needsRecount(run.state, edit)) {
      apply(null);
      return true;
    }
    const { timezone } = editedSpec(run.state.spec, edit).schedule;
    const askedAt = this.clock.now;
    const inFlight = Object.keys(run.state.inFlight);
    this.awaits(run, 'roster', () => this.roster.calls.recount(timezone, askedAt, inFlight), apply);
    return false;
  }

  private skipWaiting(run: VirtualRun): void {
    const reason = run.state.ending ?? 'cancelled';
    this.awaits(
      run,
      'roster',
      () => this.roster.close(reason),
      (buckets) => {
        run.state.closed = true;
        run.state.ready = [];
        run.state.roster = { buckets, moreToClaim: false, nextRetryAt: null, countedAt: this.clock.now };
      },
    );
  }

  private finish(run: VirtualRun): void {
    const status = run.state.ending === 'cancelled' ? 'cancelled' : 'completed';
    run.state.status = status;
    run.alive = false;
    this.roster.recordEnd(status);
    this.result = { status, buckets: liveBuckets(run.state), endedAt: this.clock.now };
  }

  private considerNewRun(run: VirtualRun, now: number): void {
    if (!run.newRunSuggested) return;
    if (run.drain && now >= run.drain.until) {
      run.drain = null;
      run.drainAgainAt = now + TRY_AGAIN_AFTER_MS;
    } else if (!run.drain && now >= run.drainAgainAt) {
      run.drain = { until: now + DRAIN_MS };
    }
  }

  private continueAsNew(run: VirtualRun): void {
    run.alive = false;
    const next = createRun(this.nextRunId(), CampaignState.parse(JSON.parse(JSON.stringify(run.state))), run.id);
    next.pauseAsked = run.pauseAsked;
    this.run = next;
    this.wake(next);
  }

  /** A timer that is set for then or earlier is kept. */
  private armAlarm(run: VirtualRun, wakeAt: number | null): void {
    const at = run.drain ? Math.min(wakeAt ?? Infinity, run.drain.until) : wakeAt;
    if (run.alarm && !run.alarm.fired && (at === null || run.alarm.at <= at)) return;
    run.alarm = null;
    if (at === null) return;
    const alarm = { at: Math.max(at, this.clock.now + 1), fired: false };
    run.alarm = alarm;
    this.clock.at(alarm.at, () => {
      alarm.fired = true;
      if (run.alarm === alarm) this.wake(run);
    });
  }

  /** Handlers see the state whenever the loop waits: a pause is acknowledged as soon as nothing is being placed. */
  private acknowledge(run: VirtualRun): void {
    if (!run.pauseAsked) return;
    if (run.state.status !== 'paused' || run.state.ending) {
      run.pauseAsked = run.inbox.some((news) => news.kind === 'command' && news.command === 'pause');
      return;
    }
    if (mayStillSend(run)) return;
    run.pauseAsked = false;
    this.watch.pauseAcknowledged();
  }
}
