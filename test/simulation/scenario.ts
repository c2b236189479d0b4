/**
 * Scenarios on virtual time: one plain description, made by a seed or by fast-check, run under every promise. The campaigns of a
 * scenario call through one connection.
 */
import type { NumberLimit } from '../../domain/dialling/number-limits.ts';
import { accountLimitId } from '../../domain/engine/ids.ts';
import type { EngineSpec } from '../../domain/engine/campaign-spec.ts';
import { type CampaignWatch, VirtualCampaign } from './campaign.ts';
import { VirtualClock } from './clock.ts';
import type { VirtualConnection } from './connection.ts';
import { VirtualBreaker } from './connection-breaker.ts';
import { ConnectionInvariants } from './connection-invariants.ts';
import { VirtualAccountDays } from './account-days.ts';
import { VirtualNumbers } from './numbers.ts';
import { VirtualRate } from './connection-rate.ts';
import { NO_FAULTS, seededFaults, type FaultRates, type Outage } from './faults.ts';
import { intervene, interveneInSharing, type ConnectionIntervention, type Intervention } from './interventions.ts';
import type { ProviderFacts } from '../../providers/port.ts';
import { seededRandom } from './random.ts';
import { Invariants } from './invariants.ts';
import type { GroupRule } from '../../domain/windows/group-hours.ts';
import { VirtualSharedLimit } from './shared-limit.ts';
import { SharedLimitInvariants } from './shared-limit-invariants.ts';
import { check, iso } from './violation.ts';
import type { WorldModel } from './world-model.ts';

const CONNECTION = 'truedy';
export const CAMPAIGN_ID = '00000000-0000-4000-8000-000000000001';

/** For campaigns of which only the outcome matters. */
export const unseen: CampaignWatch = {
  sent: () => {},
  accepted: () => {},
  dialled: () => {},
  ended: () => {},
  settled: () => {},
  closed: () => {},
  moved: () => {},
  decided: () => {},
  pauseAcknowledged: () => {},
  resumed: () => {},
  termsChanged: () => {},
  tookOver: () => {},
};

/** A campaign of a scenario. */
export interface ScenarioCampaign {
  readonly contacts: number;
  /** Contacts take turns in these groups. Default: all have the campaign's own hours. */
  readonly groups?: readonly GroupRule[];
  readonly spec: EngineSpec;
  readonly interventions: readonly Intervention[];
}

/** What all campaigns of a scenario have in common. */
interface Surroundings {
  readonly seed: number;
  readonly startsAt: number;
  readonly provider: ProviderFacts;
  /** Of the connection. Null: it has no rate. */
  readonly callsPerSecond: number | null;
  readonly cancels: boolean;
  readonly lookUpAfterMs: number;
  readonly graceMs: number;
  readonly usualCallMs: number;
  readonly faults: Partial<FaultRates>;
  readonly outages: readonly { readonly afterMs: number; readonly lastsMs: number; readonly kind: Outage['kind'] }[];
}

/** One campaign, alone on its connection. */
export interface Scenario extends Surroundings, ScenarioCampaign {}

/** Campaigns that share a connection. */
export interface SharedScenario extends Surroundings {
  /** Of the connection. Null: it has no limit of calls in flight. */
  readonly maxConcurrentCalls: number | null;
  /** Of the account. Null: it has no limit of calls in flight. */
  readonly accountConcurrentCalls: number | null;
  /** How many numbers the contacts of all campaigns have, and the limits of calls to each. Null: there are none. */
  readonly numbers: { readonly count: number; readonly limits: readonly NumberLimit[] } | null;
  /** Of the account, in the civil days of a zone. Null: it has no limit of calls per day. */
  readonly accountDays: { readonly limit: number; readonly timezone: string } | null;
  readonly campaigns: readonly (ScenarioCampaign & { readonly startsAfterMs: number })[];
  readonly connectionInterventions: readonly ConnectionIntervention[];
}

export interface ScenarioRun {
  readonly everyTurns?: number;
  readonly trace?: (line: string) => void;
}

export interface SharedCourse {
  readonly campaigns: readonly Invariants[];
  readonly connection: ConnectionInvariants;
  /** Of the limits of calls in flight, by id. */
  readonly sharedLimits: ReadonlyMap<string, SharedLimitInvariants>;
}

/** A quarter of an hour a week takes its years; what is not over by then never will be. */
const LONGEST_MS = 300 * 366 * 86_400_000;
/** Within this time after the last campaign, the coordinator has divided for the last time. */
const SETTLED_WITHIN_MS = 3_600_000;
/** Apart in the seeds of a scenario's campaigns. Any number would do. */
const SEED_STEP = 7_919;

/** Runs a scenario to its end. Throws the first promise that is broken. */
export function runScenario(scenario: Scenario, run?: ScenarioRun): Invariants {
  return runShared(alone(scenario), run).campaigns[0]!;
}

export function alone({ contacts, groups, spec, interventions, ...surroundings }: Scenario): SharedScenario {
  const campaign = { contacts, ...(groups && { groups }), spec, interventions, startsAfterMs: 0 };
  return {
    ...surroundings,
    maxConcurrentCalls: null,
    accountConcurrentCalls: null,
    numbers: null,
    accountDays: null,
    campaigns: [campaign],
    connectionInterventions: [],
  };
}

/** Runs the campaigns of a scenario to their end. Throws the first promise that is broken. */
export function runShared(scenario: SharedScenario, { everyTurns = 1, trace }: ScenarioRun = {}): SharedCourse {
  const { startsAt, callsPerSecond } = scenario;
  const clock = new VirtualClock(startsAt);
  const numbers = scenario.numbers && new VirtualNumbers(scenario.numbers.limits, scenario.numbers.count);
  const accountDays =
    scenario.accountDays && new VirtualAccountDays(scenario.accountDays.limit, scenario.accountDays.timezone);
  const watches = {
    connection: new ConnectionInvariants({ callsPerSecond, numbers, days: accountDays, now: () => clock.now }),
    sharedLimits: new Map<string, SharedLimitInvariants>(),
  };
  const sharedLimits = [
    ...openLimit(scenario, accountLimitId('default'), scenario.accountConcurrentCalls, clock, watches, trace),
    ...openLimit(scenario, CONNECTION, scenario.maxConcurrentCalls, clock, watches, trace),
  ];
  const rate = callsPerSecond === null ? null : new VirtualRate(callsPerSecond);
  const connection: VirtualConnection = { rate, sharedLimits, numbers, accountDays, breaker: new VirtualBreaker() };
  const promises: Invariants[] = [];
  for (const [index, { startsAfterMs }] of scenario.campaigns.entries()) {
    clock.at(startsAt + startsAfterMs, () => {
      promises.push(begin(scenario, index, clock, connection, watches, { everyTurns, ...(trace && { trace }) }));
    });
  }
  const isOver = (): boolean =>
    promises.length === scenario.campaigns.length && promises.every(({ campaign }) => campaign.result !== null);
  runUntil(clock, isOver, startsAt + LONGEST_MS);
  for (const campaign of promises) campaign.concluded();
  const isIdle = (): boolean => sharedLimits.every((limit) => limit.isIdle);
  runUntil(clock, isIdle, clock.now + SETTLED_WITHIN_MS);
  check('progress', clock.now, isIdle(), () => 'shares are held though every campaign is over');
  return { campaigns: promises, ...watches };
}

/** Who looks on, beside the promises of each campaign. */
interface SharedWatches {
  readonly connection: ConnectionInvariants;
  readonly sharedLimits: Map<string, SharedLimitInvariants>;
}

/** A limit of calls in flight with its checks and what is done to it. Nothing if there is none. */
function openLimit(
  scenario: SharedScenario,
  id: string,
  limit: number | null,
  clock: VirtualClock,
  watches: SharedWatches,
  trace: ((line: string) => void) | undefined,
): VirtualSharedLimit[] {
  if (limit === null) return [];
  const { provider, graceMs } = scenario;
  const longestCallMs = provider.queueBoundMs + provider.callLifetimeMs + graceMs;
  const outages = outagesOf(scenario);
  const promises = new SharedLimitInvariants({
    limitId: id,
    limit,
    longestCallMs,
    now: () => clock.now,
    isInOutage: (now) => outages.some(({ from, to }) => now >= from && now < to),
    trace: trace && ((line) => trace(`${iso(clock.now)} ${line}`)),
  });
  const world = worldOf(scenario, id === CONNECTION ? -1 : -2);
  const sharedLimit = new VirtualSharedLimit(id, clock, world, limit, longestCallMs, promises);
  promises.heldBy = (campaignId) => sharedLimit.shareOf(campaignId)?.held ?? 0;
  watches.sharedLimits.set(id, promises);
  disturbSharing(scenario, limit, clock, sharedLimit, trace);
  return [sharedLimit];
}

/** Until nothing will ever happen again, or that time, if it is not over before. */
function runUntil(clock: VirtualClock, isOver: () => boolean, until: number): void {
  while (!isOver() && clock.now < until) if (!clock.step()) return;
}

function begin(
  scenario: SharedScenario,
  index: number,
  clock: VirtualClock,
  connection: VirtualConnection,
  shared: SharedWatches,
  { everyTurns = 1, trace }: ScenarioRun,
): Invariants {
  const { provider, cancels, lookUpAfterMs, graceMs } = scenario;
  const { contacts, groups, spec, interventions } = scenario.campaigns[index]!;
  const startsAt = clock.now;
  const added = interventions.map((one) => (one.kind === 'add' ? one.contacts : 0));
  const mostContacts = added.reduce((sum, count) => sum + count, contacts);
  const defersLookUps = (scenario.faults.lookUpDeferred ?? 0) > 0;
  const promises = new Invariants({ mostContacts, groups, spec, provider, graceMs, defersLookUps, everyTurns, trace });
  const campaignId = idOfCampaign(index);
  const world = worldOf(scenario, index);
  const options = { campaignId, spec, contacts, groups, startsAt, provider, cancels, lookUpAfterMs, graceMs };
  const watch = watchedBy(promises, shared, campaignId);
  const campaign = new VirtualCampaign({ ...options, world, clock, connection }, watch);
  promises.campaign = campaign;
  for (const intervention of interventions) {
    clock.at(startsAt + intervention.afterMs, () => {
      if (campaign.result) return;
      trace?.(`${iso(clock.now)} ${JSON.stringify(intervention)}`);
      intervene(campaign, intervention);
    });
  }
  letItEnd(campaign, startsAt, scenario.campaigns[index]!);
  return promises;
}

export function idOfCampaign(index: number): string {
  return `00000000-0000-4000-8000-${String(index + 1).padStart(12, '0')}`;
}

function watchedBy(promises: Invariants, shared: SharedWatches, campaignId: string): CampaignWatch {
  const limits = [...shared.sharedLimits.values()];
  return {
    sent: () => shared.connection.sent(),
    accepted: (call, sentAt) => {
      shared.connection.accepted(call);
      for (const limit of limits) limit.accepted(campaignId, call);
      promises.accepted(call, sentAt);
    },
    dialled: (call, sentAt) => {
      shared.connection.dialled(call);
      promises.dialled(call, sentAt);
    },
    ended: (call) => {
      for (const limit of limits) limit.ended(campaignId);
      promises.ended(call);
    },
    settled: (settlement, effective) => promises.settled(settlement, effective),
    closed: (seq, attempt, bucket, reason) => promises.closed(seq, attempt, bucket, reason),
    moved: (seq, at) => promises.moved(seq, at),
    decided: (run, step) => {
      const ownsRecords = promises.campaign.roster.isOwnedBy(run.id, run.state.epoch);
      for (const limit of limits) limit.decided(run, step, ownsRecords);
      promises.decided(run, step);
    },
    pauseAcknowledged: (named) => promises.pauseAcknowledged(named),
    resumed: () => promises.resumed(),
    termsChanged: (spec) => promises.termsChanged(spec),
    tookOver: () => promises.tookOver(),
  };
}

function worldOf(scenario: SharedScenario, index: number): WorldModel {
  const { seed, provider, usualCallMs, faults } = scenario;
  return seededFaults(
    seededRandom(seed + index * SEED_STEP),
    { ...NO_FAULTS, ...faults },
    { queueMs: provider.queueBoundMs, lengthMs: provider.callLifetimeMs, usualMs: usualCallMs },
    outagesOf(scenario),
  );
}

function outagesOf({ startsAt, outages }: SharedScenario): Outage[] {
  return outages.map(({ afterMs, lastsMs, kind }) => ({
    from: startsAt + afterMs,
    to: startsAt + afterMs + lastsMs,
    kind,
  }));
}

/** Whatever was done to it, in the end the campaign may call again: one that does not finish then never would. */
function letItEnd(campaign: VirtualCampaign, startsAt: number, { interventions, spec }: ScenarioCampaign): void {
  const last = Math.max(0, ...interventions.map(({ afterMs }) => afterMs));
  const hours = (count: number): number => startsAt + last + count * 3_600_000;
  campaign.clock.at(hours(1), () => {
    if (!campaign.result) campaign.edit({ max_concurrent_calls: Math.max(1, spec.max_concurrent_calls) });
  });
  for (const count of [2, 3]) {
    campaign.clock.at(hours(count), () => {
      if (!campaign.result && campaign.state.status === 'paused') campaign.command('resume');
    });
  }
}

/** Disturbs what is shared, and in the end leaves a limit under which every campaign may call. */
function disturbSharing(
  { startsAt, connectionInterventions }: SharedScenario,
  limit: number,
  clock: VirtualClock,
  sharedLimit: VirtualSharedLimit,
  trace: ((line: string) => void) | undefined,
): void {
  for (const intervention of connectionInterventions) {
    clock.at(startsAt + intervention.afterMs, () => {
      trace?.(`${iso(clock.now)} ${sharedLimit.id} ${JSON.stringify(intervention)}`);
      interveneInSharing(sharedLimit, intervention);
    });
  }
  const last = Math.max(0, ...connectionInterventions.map(({ afterMs }) => afterMs));
  clock.at(startsAt + last + 3_600_000, () => sharedLimit.setLimit(Math.max(1, limit)));
}
