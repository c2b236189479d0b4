/** Scenarios of a campaign on virtual time: one plain description, made by a seed or by fast-check, run under every promise. */
import type { EngineSpec } from '../../domain/engine/campaign-spec.ts';
import { type CampaignWatch, VirtualCampaign } from './campaign.ts';
import { VirtualConnection } from './connection.ts';
import { NO_FAULTS, seededFaults, type FaultRates, type Outage } from './faults.ts';
import type { ProviderFacts } from '../../providers/port.ts';
import { seededRandom } from './random.ts';
import { Invariants } from './invariants.ts';

export const CAMPAIGN_ID = '00000000-0000-4000-8000-000000000001';

/** For campaigns of which only the outcome matters. */
export const unseen: CampaignWatch = {
  sent: () => {},
  accepted: () => {},
  dialled: () => {},
  ended: () => {},
  settled: () => {},
  closed: () => {},
  decided: () => {},
  pauseAcknowledged: () => {},
  resumed: () => {},
  termsChanged: () => {},
  tookOver: () => {},
};

/** Something that is done to the campaign from outside, at an instant after its start. */
export type Intervention = { readonly afterMs: number } & (
  | {
      readonly kind:
        | 'pause'
        | 'resume'
        | 'cancel'
        | 'cancel_request'
        | 'new_run'
        | 'long_history'
        | 'save'
        | 'reset'
        | 'forgetful_reset'
        | 'round_trip';
    }
  | { readonly kind: 'terminate'; readonly downMs: number }
  | { readonly kind: 'limit'; readonly limit: number }
  | { readonly kind: 'cap'; readonly cap: number | null }
  /** The end is moved to so long from then; null: there is none any more. */
  | { readonly kind: 'ends'; readonly inMs: number | null }
  | { readonly kind: 'schedule'; readonly schedule: EngineSpec['schedule'] }
);

export interface Scenario {
  readonly seed: number;
  readonly contacts: number;
  readonly startsAt: number;
  readonly spec: EngineSpec;
  readonly provider: ProviderFacts;
  /** Of the connection. Null: it has no rate. */
  readonly callsPerSecond: number | null;
  readonly cancels: boolean;
  readonly lookUpAfterMs: number;
  readonly graceMs: number;
  readonly usualCallMs: number;
  readonly faults: Partial<FaultRates>;
  readonly outages: readonly { readonly afterMs: number; readonly lastsMs: number; readonly kind: Outage['kind'] }[];
  readonly interventions: readonly Intervention[];
}

export interface ScenarioRun {
  readonly everyTurns?: number;
  readonly trace?: (line: string) => void;
}

/** A quarter of an hour a week takes its years; what is not over by then never will be. */
const LONGEST_MS = 300 * 366 * 86_400_000;

/** Runs a scenario to its end. Throws the first promise that is broken. */
export function runScenario(scenario: Scenario, { everyTurns = 1, trace }: ScenarioRun = {}): Invariants {
  const { contacts, spec, provider, callsPerSecond, cancels, lookUpAfterMs, graceMs, startsAt, seed, usualCallMs } =
    scenario;
  const promises = new Invariants({ contacts, spec, provider, callsPerSecond, graceMs, everyTurns, trace });
  const outages = scenario.outages.map(({ afterMs, lastsMs, kind }) => ({
    from: startsAt + afterMs,
    to: startsAt + afterMs + lastsMs,
    kind,
  }));
  const world = seededFaults(
    seededRandom(seed),
    { ...NO_FAULTS, ...scenario.faults },
    { queueMs: provider.queueBoundMs, lengthMs: provider.callLifetimeMs, usualMs: usualCallMs },
    outages,
  );
  const connection = callsPerSecond === null ? null : new VirtualConnection(callsPerSecond);
  const times = { startsAt, lookUpAfterMs, graceMs };
  const options = { campaignId: CAMPAIGN_ID, spec, contacts, provider, connection, cancels, ...times, world };
  const campaign = new VirtualCampaign(options, promises);
  promises.campaign = campaign;
  for (const intervention of scenario.interventions) {
    campaign.clock.at(startsAt + intervention.afterMs, () => intervene(campaign, intervention, trace));
  }
  letItEnd(campaign, scenario);
  campaign.go(startsAt + LONGEST_MS);
  promises.concluded();
  return promises;
}

function intervene(campaign: VirtualCampaign, intervention: Intervention, trace?: (line: string) => void): void {
  if (campaign.result) return;
  trace?.(`${new Date(campaign.clock.now).toISOString()} ${JSON.stringify(intervention)}`);
  switch (intervention.kind) {
    case 'pause':
    case 'resume':
    case 'cancel':
      campaign.command(intervention.kind);
      return;
    case 'cancel_request':
      campaign.requestCancel();
      return;
    case 'new_run':
    case 'long_history':
      campaign.suggestNewRun(intervention.kind === 'long_history');
      return;
    case 'save':
      campaign.save();
      return;
    case 'reset':
    case 'forgetful_reset':
      campaign.reset(intervention.kind === 'forgetful_reset');
      return;
    case 'terminate':
      campaign.terminate(intervention.downMs);
      return;
    case 'round_trip':
      campaign.roundTrip();
      return;
    case 'limit':
      campaign.edit({ max_concurrent_calls: intervention.limit });
      return;
    case 'cap':
      campaign.edit({ max_calls_per_day: intervention.cap });
      return;
    case 'ends':
      campaign.edit({ ends_at: intervention.inMs === null ? null : campaign.clock.now + intervention.inMs });
      return;
    case 'schedule':
      campaign.edit({ schedule: intervention.schedule });
      return;
  }
}

/** Whatever was done to it, in the end the campaign may call again: one that does not finish then never would. */
function letItEnd(campaign: VirtualCampaign, { interventions, startsAt, spec }: Scenario): void {
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
