/**
 * A whole campaign on virtual time: the loop and the core of the workflow, with a roster on maps, a provider with a ledger, and
 * everything that a server, workers and a database do in between left to a world model. It does no I/O and reads no clock: with
 * the same world it takes the same course.
 *
 * A run is `blocked` while the loop waits for one activity. Otherwise a workflow task comes whenever there is a message or its
 * timer has fired, a moment later and for all that has come in until then. A run is followed by another when it continues as
 * new, is reset to an earlier state, or is terminated and started again; only the latest is alive.
 */
import { applyWindow, type WindowAnswer, type WindowQuestion } from '../../domain/engine/calling-day.ts';
import { hasNews, takeOver, type InboxMessage } from '../../domain/engine/campaign-run.ts';
import { startLookingUp } from '../../domain/engine/look-ups.ts';
import { dialRequest, startDials } from '../../domain/engine/starting-calls.ts';
import {
  CampaignState,
  type CampaignStatus,
  type PacingFacts,
  type RecordedWindow,
} from '../../domain/engine/campaign-state.ts';
import type { EngineSpec } from '../../domain/engine/campaign-spec.ts';
import { isOver, newCampaign, refusal, type Command } from '../../domain/engine/commands.ts';
import { fitsNewRun, isDrained, isQuiet, wakeInDrain } from '../../domain/engine/continue-as-new.ts';
import { applyEdit, startEdit, type CampaignEdit, type Recount } from '../../domain/engine/editing.ts';
import { mayStillSend } from '../../domain/engine/in-flight.ts';
import type { Step, Work } from '../../domain/engine/next-step.ts';
import type { Claim } from '../../domain/engine/roster.ts';
import { applyClosed, applyEnd, exchangeRequest, liveBuckets } from '../../domain/engine/settling.ts';
import type { GivenShare } from '../../domain/engine/share-messages.ts';
import { type DueReport, startReport } from '../../domain/engine/share-report.ts';
import type { Buckets } from '../../domain/engine/tally.ts';
import { takeTurn } from '../../domain/engine/turn.ts';
import { ACKNOWLEDGEMENTS } from '../../domain/engine/time-limits.ts';
import { type GroupRule, groupWindowAt, OWN_HOURS } from '../../domain/windows/group-hours.ts';
import { policiesNamed } from '../../domain/windows/policies/built-in.ts';
import { civilDay } from '../../domain/windows/windows.ts';
import { VirtualClock } from './clock.ts';
import { connectionWithoutLimits, type VirtualConnection } from './connection.ts';
import { Dialling } from './dialling.ts';
import type { Handler } from './handlers.ts';
import { VirtualProvider, type LedgerCall } from './provider.ts';
import type { ProviderFacts } from '../../providers/port.ts';
import { VirtualRoster, type RosterListener } from './roster.ts';
import type { SharingCampaign } from './shared-limit.ts';
import { openVirtualRun, type VirtualRun } from './virtual-run.ts';
import type { WorldModel } from './world-model.ts';
import { dayZoneOf } from '../../domain/engine/schedule-fields.ts';

/** Pause before an exchange whose answer was lost runs once more. */
const EXCHANGE_AGAIN_MS = 1_000;
/** How soon a gateway tells the campaign once more that its roster has changed. */
const TOLD_AGAIN_MS = 60_000;
/** How soon the gateway has noticed that the workflow of a campaign was ended. */
const NOTICED_AFTER_MS = 30_000;
/** A history that is longer than the engine risks. */
const TOO_MANY_EVENTS = 20_000;

/** Who looks on. Nothing here may change what it is shown. */
export interface CampaignWatch extends RosterListener {
  /** A request leaves, whatever comes of it. */
  sent(): void;
  accepted(call: LedgerCall, sentAt: number): void;
  dialled(call: LedgerCall, sentAt: number): void;
  ended(call: LedgerCall): void;
  /** The loop has processed its inbox and decided. */
  decided(run: VirtualRun, step: Step): void;
  /** `named` are the calls that are live or may be. */
  pauseAcknowledged(named: ReadonlySet<string>): void;
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
  /** What decides the hours of each group. Default: all contacts have the campaign's own hours. */
  readonly groups?: readonly GroupRule[] | undefined;
  readonly startsAt: number;
  readonly provider: ProviderFacts;
  /** Whether the provider cancels calls that wait in its queue. */
  readonly cancels: boolean;
  readonly lookUpAfterMs: number;
  readonly graceMs: number;
  readonly world: WorldModel;
  /** The clock of a world with several campaigns. Default: a new one. */
  readonly clock?: VirtualClock;
  /** The connection through which it calls, and others may. Default: one without limits. */
  readonly connection?: VirtualConnection;
}

export class VirtualCampaign implements SharingCampaign {
  readonly clock: VirtualClock;
  readonly roster: VirtualRoster;
  readonly provider: VirtualProvider;
  result: { readonly status: CampaignStatus; readonly buckets: Buckets; readonly endedAt: number } | null = null;
  private readonly connection: VirtualConnection;
  private readonly dialling: Dialling;
  private readonly facts: PacingFacts;
  private run: VirtualRun;
  private runs = 1;
  private updates = 1;
  /** A state to which a reset may go back, and what was told to the campaign since. */
  private savePoint: { state: string; commands: InboxMessage[]; edits: CampaignEdit[] } | null = null;

  constructor(
    private readonly options: VirtualCampaignOptions,
    private readonly watch: CampaignWatch,
  ) {
    const { campaignId, contacts, spec, startsAt, provider, world, graceMs, cancels, lookUpAfterMs } = options;
    const { connection = connectionWithoutLimits() } = options;
    this.connection = connection;
    this.clock = options.clock ?? new VirtualClock(startsAt);
    this.roster = new VirtualRoster(campaignId, contacts, spec, watch, options.groups?.length, connection);
    this.provider = new VirtualProvider(provider, this.clock, world, {
      accepted: (call, sentAt) => watch.accepted(call, sentAt),
      dialled: (call, sentAt) => watch.dialled(call, sentAt),
      ended: (call) => watch.ended(call),
      event: (arriving) => {
        const event = this.dialling.takeIn(arriving);
        if (!event) return;
        const message: InboxMessage = { kind: 'events', events: [event], malformed: 0 };
        this.clock.after(world.delay('task'), () => this.put(this.run, message));
      },
    });
    this.dialling = new Dialling(this.clock, world, this.roster, this.provider, connection, campaignId, () =>
      watch.sent(),
    );
    this.facts = {
      dialMarginMs: provider.requestTimeoutMs + provider.queueBoundMs,
      usualCallMs: lookUpAfterMs,
      callLifetimeMs: provider.queueBoundMs + provider.callLifetimeMs,
      graceMs,
      queueBoundMs: provider.queueBoundMs,
      cancelsQueued: cancels && provider.queueBoundMs > 0,
      keyTtlMs: provider.keyTtlMs,
      callsPerSecond: connection.rate?.callsPerSecond ?? null,
      searchAttributes: false,
    };
    for (const limit of connection.sharedLimits) limit.join(campaignId, this);
    this.run = this.startFresh();
  }

  get state(): CampaignState {
    return this.run.state;
  }

  /** Whether a run is there to follow the campaign: not between a termination and the start after it. */
  get hasRun(): boolean {
    return this.run.alive;
  }

  get hasOwner(): boolean {
    return this.roster.owner !== null;
  }

  openCalls(sentAfter: number): number {
    return this.roster.calls.countOpen(sentAfter);
  }

  hear(share: GivenShare): boolean {
    if (!this.run.alive) return false;
    const { epoch } = share;
    this.clock.after(this.options.world.delay('task'), () => this.put(this.run, { kind: 'share', epoch, share }));
    return true;
  }

  /** Goes on until the campaign is over, or `until`, or nothing will ever happen again; false in the last case. */
  go(until = Infinity): boolean {
    while (!this.result && this.clock.now < until) if (!this.clock.step()) return false;
    return true;
  }

  /** Sends the command as an update, and, where the world says so, once more as a signal with the update's id. */
  command(command: Command): void {
    const { run } = this;
    if (!run.alive || isOver(run.state.status)) return;
    const id = `update-${this.updates++}`;
    const again: InboxMessage = { kind: 'command', command, id, by: null, way: 'signal', done: () => {} };
    this.savePoint?.commands.push(again);
    if (refusal(run.state, command) === null) {
      run.handlers.start(command === 'pause' ? this.pause(run, id) : this.submit(run, command, id), this.clock.now);
    }
    if (this.options.world.repeatsCommand())
      this.clock.after(this.options.world.delay('task'), () => this.put(run, again));
    this.wake(run);
  }

  /** As the Web UI's cancel asks the workflow itself. */
  requestCancel(): void {
    this.run.cancelRequested = true;
    this.wake(this.run);
  }

  /** Changes terms as the request for it does: what is not given stays as it is at this moment. */
  edit(change: Partial<Pick<EngineSpec, 'schedule' | 'max_concurrent_calls' | 'max_calls_per_day' | 'ends_at'>>): void {
    const edit = { spec: { ...this.state.spec, ...change }, terms: { ...change } };
    this.savePoint?.edits.push(edit);
    this.addEdit(this.run, edit);
  }

  /** Changes who is in the campaign, by `act` on its records. Tells it until it has looked. */
  changeRoster(act: (roster: VirtualRoster) => boolean): void {
    const isTold = this.roster.hasChanged;
    if (act(this.roster) && !isTold) this.tellOfRoster();
  }

  private tellOfRoster(): void {
    if (this.result || !this.roster.hasChanged) return;
    const { world } = this.options;
    if (!world.losesSignal())
      this.clock.after(world.delay('task'), () => this.put(this.run, { kind: 'contacts_changed' }));
    this.clock.after(TOLD_AGAIN_MS, () => this.tellOfRoster());
  }

  /** The server suggests to continue as new; `insistently`: after so many events that a replay would take too long. */
  suggestNewRun(insistently = false): void {
    this.run.history = { continueAsNewSuggested: true, events: insistently ? TOO_MANY_EVENTS : 0 };
    this.wake(this.run);
  }

  /** The state goes through its schema and JSON, as between two runs, if nothing is under way. Nothing may come of it. */
  roundTrip(): boolean {
    if (!this.isAtRest()) return false;
    this.run.state = CampaignState.parse(JSON.parse(JSON.stringify(this.run.state)));
    return true;
  }

  /** Remembers this moment as one to which a reset may go back, if nothing is under way. */
  save(): void {
    if (this.isAtRest()) this.savePoint = { state: JSON.stringify(this.state), commands: [], edits: [] };
  }

  /**
   * What is under way goes on without a listener, and a run with an earlier state takes over. What was told to the
   * campaign since is told again, or, where `forgetful`, is left out if the records know of it.
   */
  reset(forgetful: boolean): void {
    if (this.result || !this.run.alive || !this.savePoint || (forgetful && !this.isSynced())) return;
    const { state, commands, edits } = this.savePoint;
    this.run.alive = false;
    const earlier = CampaignState.parse(JSON.parse(state));
    this.run = openVirtualRun(this.nextRunId(), this.options.campaignId, earlier, { hasRecords: true });
    if (!forgetful) {
      this.run.inbox.push(...commands);
      for (const edit of edits) this.addEdit(this.run, edit);
    }
    this.watch.tookOver();
    this.wake(this.run);
  }

  /**
   * Terminates the workflow; after a while a run without any state takes over. What was acknowledged must survive, so nothing
   * happens while the records do not know all of it. What is under way goes on meanwhile, and nobody listens.
   */
  terminate(downMs: number): void {
    if (this.result || !this.run.alive || !this.isSynced()) return;
    const { run } = this;
    run.alive = false;
    this.clock.after(NOTICED_AFTER_MS, () => {
      if (this.run === run) this.roster.interrupt(run.id);
    });
    this.clock.after(downMs, () => (this.run = this.startFresh()));
  }

  /** Whether the records know of all that was acknowledged. */
  private isSynced(): boolean {
    const { lastSync, status, ending, pendingTerms } = this.state;
    return lastSync.status === status && lastSync.ending === ending && pendingTerms === null;
  }

  private isAtRest(): boolean {
    return this.run.alive && !this.run.blocked && isQuiet(this.state, this.run);
  }

  private startFresh(): VirtualRun {
    this.savePoint = null;
    const state = newCampaign(this.options.spec, this.clock.now);
    const run = openVirtualRun(this.nextRunId(), this.options.campaignId, state);
    this.wake(run);
    return run;
  }

  private nextRunId(): string {
    return `run-${this.runs++}`;
  }

  private put(run: VirtualRun, message: InboxMessage): void {
    if (!run.alive) return;
    run.inbox.push(message);
    this.wake(run);
  }

  private addEdit(run: VirtualRun, edit: CampaignEdit): void {
    run.changes.push({ kind: 'edit', edit, id: null, done: () => {} });
    this.wake(run);
  }

  /** Waits until the loop has taken up a command. */
  private *submit(run: VirtualRun, command: Command, id: string): Handler {
    let isTaken = false;
    const done = (refused: string | null): void => {
      isTaken = true;
      if (command === 'resume' && refused === null) this.watch.resumed();
    };
    run.inbox.push({ kind: 'command', command, id, by: null, way: 'update', done });
    yield { until: () => isTaken };
  }

  /** The waits of a pause, as in workflows/handlers.ts. */
  private *pause(run: VirtualRun, id: string): Handler {
    yield* this.submit(run, 'pause', id);
    const { status } = run.state;
    yield { until: () => !mayStillSend(run.state) };
    yield {
      until: () => run.state.lastSync.status === status || run.state.status !== status,
      withinMs: ACKNOWLEDGEMENTS.syncWithinMs,
    };
    yield { until: () => run.state.status !== 'paused' || !mayStillSend(run.state) };
    if (run.alive && run.state.status === 'paused') {
      this.watch.pauseAcknowledged(new Set(Object.keys(run.state.inFlight)));
    }
  }

  private wake(run: VirtualRun): void {
    if (run.blocked || run.isTaskScheduled || !run.alive) return;
    run.isTaskScheduled = true;
    this.clock.after(this.options.world.delay('task'), () => {
      run.isTaskScheduled = false;
      if (run.alive && !run.blocked) this.loop(run);
    });
  }

  /** The loop of the workflow, up to its next wait. */
  private loop(run: VirtualRun): void {
    let waits = false;
    while (run.alive && !run.blocked && !waits) {
      const { now } = this.clock;
      const step = takeTurn(run, run.history, now, () => this.options.world.spread());
      this.watch.decided(run, step);
      this.carryOut(run, step, now);
      this.pollHandlers(run);
      waits = step.kind === 'work' && !hasNews(run) && !isDrained(run.state, run, now);
    }
  }

  private carryOut(run: VirtualRun, step: Step, now: number): void {
    switch (step.kind) {
      case 'adopt':
        this.adoptRecords(run);
        return;
      case 'edit':
        this.takeChange(run);
        return;
      case 'ask_window':
        this.askWindow(run, step.question);
        return;
      case 'close':
        this.awaits(
          run,
          'roster',
          () => this.roster.close(step.reason, run),
          (buckets) => applyClosed(run.state, buckets, this.clock.now),
        );
        return;
      case 'finish':
        this.awaits(
          run,
          'roster',
          () => this.roster.recordEnd(step.status, run),
          (recorded) => {
            applyEnd(run.state, step.status, recorded);
            if (recorded === 'recorded') for (const limit of this.connection.sharedLimits) limit.wake();
          },
        );
        return;
      case 'continue_as_new':
        if (fitsNewRun(run, now)) this.continueAsNew(run);
        return;
      case 'work':
        this.startWork(run, step, now);
        this.setTimer(run, wakeInDrain(run, step.wakeAt, now));
        return;
      case 'end':
        run.alive = false;
        this.result = { status: run.state.status, buckets: liveBuckets(run.state), endedAt: now };
    }
  }

  private startWork(run: VirtualRun, work: Work, now: number): void {
    if (work.cancelPlacements) {
      for (const placement of run.placements.values()) placement.cancel();
      run.placements.clear();
    }
    for (const id of startDials(run.state, run.campaignId, work, now)) this.place(run, id, now);
    if (work.lookUp.length > 0) this.startLookUp(run, work.lookUp, now);
    if (work.exchange) this.startExchange(run, work.exchange, now);
    if (work.report) this.startReport(run, work.report, now);
  }

  private place(run: VirtualRun, callId: string, now: number): void {
    const request = dialRequest(run.state, run.campaignId, callId, now);
    if (!request) return;
    const handle = this.dialling.dial({ ...request, callId }, run.id, (result) => {
      if (run.placements.get(callId) === handle) run.placements.delete(callId);
      this.put(run, { kind: 'placed', callId, result });
    });
    run.placements.set(callId, handle);
  }

  private startLookUp(run: VirtualRun, callIds: readonly string[], now: number): void {
    const { world } = this.options;
    const { epoch } = run.state;
    run.lookingUp = true;
    const calls = startLookingUp(run.state, callIds, now);
    this.clock.after(world.delay('look_up'), () => {
      const findings = calls.map((call) => this.dialling.lookUp({ ...call, epoch }));
      this.clock.after(world.delay('look_up'), () => {
        run.lookingUp = false;
        this.put(run, { kind: 'found', callIds, findings });
      });
    });
  }

  private startExchange(run: VirtualRun, claim: Claim, now: number): void {
    const { world, campaignId } = this.options;
    const request = exchangeRequest(run.state, campaignId, claim, run.waiting, run.continuedFrom, now);
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

  private startReport(run: VirtualRun, due: DueReport, now: number): void {
    const report = startReport(run.state, run.campaignId, due, now);
    const { epoch } = report;
    run.reporting = true;
    const limit = this.connection.sharedLimits.find(({ id }) => id === due.limitId);
    limit?.report(
      report,
      () => this.roster.isOwnedBy(run.id, epoch),
      (share) => {
        run.reporting = false;
        this.put(run, { kind: 'share', epoch, share });
      },
    );
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
        this.loop(run);
      });
    });
  }

  private adoptRecords(run: VirtualRun): void {
    run.adoptions += 1;
    this.awaits(
      run,
      'roster',
      () => ({
        ...this.roster.adopt(run.id, this.clock.now),
        sharedLimits: this.connection.sharedLimits.map(({ id }) => id),
      }),
      (snapshot) => {
        takeOver(run, snapshot, this.facts, this.clock.now);
        this.watch.tookOver();
        this.watch.termsChanged(run.state.spec);
      },
    );
  }

  private windowOf(group: number, schedule: EngineSpec['schedule'], from: number): RecordedWindow | null {
    const rule = this.options.groups?.[group] ?? OWN_HOURS;
    return groupWindowAt(schedule, rule, policiesNamed(rule.policies), from);
  }

  private askWindow(run: VirtualRun, { groups, opensAt }: WindowQuestion): void {
    const { schedule } = run.state.spec;
    const answer = (): WindowAnswer => {
      const answers = groups.map(({ group, from }) => ({ group, window: this.windowOf(group, schedule, from) }));
      const earliest = Math.min(opensAt ?? Infinity, ...answers.flatMap(({ window }) => window?.opensAt ?? []));
      const day = earliest < Infinity ? civilDay(dayZoneOf(schedule), earliest) : null;
      return { groups: answers, day, facts: this.facts };
    };
    this.awaits(run, 'window', answer, (answer) => applyWindow(run.state, answer, this.clock.now));
  }

  private takeChange(run: VirtualRun): void {
    const change = run.changes.shift();
    if (change?.kind !== 'edit') return;
    const start = startEdit(run.state, change.edit, this.clock.now);
    if (start.kind === 'refuse') return;
    const apply = (recount: Recount | null): void => {
      applyEdit(run.state, change.edit, recount, this.clock.now);
      this.watch.termsChanged(run.state.spec);
    };
    if (start.kind === 'apply') {
      apply(null);
      return;
    }
    const askedAt = this.clock.now;
    this.awaits(
      run,
      'roster',
      () => this.roster.calls.recount(dayZoneOf(start.places), askedAt, start.inFlight),
      apply,
    );
  }

  private continueAsNew(run: VirtualRun): void {
    run.alive = false;
    const carried = CampaignState.parse(JSON.parse(JSON.stringify(run.state)));
    const { cancelRequested } = run;
    const start = { continuedFrom: run.id, cancelRequested };
    this.run = openVirtualRun(this.nextRunId(), this.options.campaignId, carried, start);
    this.wake(this.run);
  }

  /** A timer that is set for then or earlier is kept. */
  private setTimer(run: VirtualRun, at: number | null): void {
    if (run.timer && !run.timer.fired && (at === null || run.timer.at <= at)) return;
    run.timer = null;
    if (at === null) return;
    const timer = { at: Math.max(at, this.clock.now + 1), fired: false };
    run.timer = timer;
    this.clock.at(timer.at, () => {
      timer.fired = true;
      if (run.timer === timer) this.wake(run);
    });
  }

  /** Handlers see the state whenever the loop waits. One that gives a wait up has a separate timer. */
  private pollHandlers(run: VirtualRun): void {
    const { now } = this.clock;
    run.handlers.poll(now);
    const { nextAt } = run.handlers;
    if (nextAt !== null) this.clock.at(Math.max(nextAt, now + 1), () => this.wake(run));
  }
}
