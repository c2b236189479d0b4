/**
 * Campaigns, the coordinators of the limits that they share, and the records on a virtual clock, with messages that are lost, late
 * and repeated, runs that are replaced, and workflows that end. Each campaign shares the limit of its connection, and some that of
 * their account too. The limits hold at every step, and once nothing goes wrong any more, each campaign has its fair share.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CampaignState } from '../../../domain/engine/campaign-state.ts';
import { shareLeft, slotsLeft } from '../../../domain/engine/gates.ts';
import type { GivenShare } from '../../../domain/engine/share-messages.ts';
import { applyShare, nextReportAt, reportNow, startReport } from '../../../domain/engine/share-report.ts';
import {
  applyReport,
  fairShares,
  type Shareholder,
  shareOut,
  type ShareReport,
  totalHeld,
  withoutOwner,
} from '../../../domain/engine/shares.ts';
import { campaignState, NOON, recordedWindow } from '../../support/factories/campaign-state.ts';

const ACCOUNT = 'account:shop';
const CONNECTIONS = ['clinic', 'clinic-us'] as const;

interface CampaignShape {
  readonly most: number;
  readonly connection: (typeof CONNECTIONS)[number];
  /** Whether it belongs to the account with a limit. */
  readonly isOfAccount: boolean;
}

interface Campaign extends CampaignShape {
  readonly id: string;
  readonly limitIds: readonly string[];
  /** The epoch on record, and whether a run owns it. */
  epoch: number;
  isOwned: boolean;
  /** The run's own: it learns of another owner only by its refused report or dial. */
  state: CampaignState;
  /** Accepted by the provider and not ended. */
  inFlight: number;
  /** Reports wait for their answer one by one. */
  reporting: { readonly limitId: string; readonly report: ShareReport } | null;
}

type Message = { readonly to: Campaign } & (
  | { readonly kind: 'report'; readonly limitId: string; readonly report: ShareReport }
  | { readonly kind: 'reply'; readonly number: number; readonly given: GivenShare }
  | { readonly kind: 'signal'; readonly given: GivenShare }
);

/** A run of the epoch that has reported nothing yet. */
function newRun(limitIds: readonly string[], most: number, epoch: number): CampaignState {
  return campaignState({
    epoch,
    spec: { max_concurrent_calls: most },
    window: recordedWindow({ closesAt: Infinity }),
    group: { moreToClaim: true },
    sharedLimits: limitIds.map((id) => ({ id, share: null })),
  });
}

class World {
  now = NOON;
  readonly limits: Record<string, number>;
  readonly holders: Record<string, Map<string, Shareholder>>;
  readonly campaigns: Campaign[];
  readonly mail: Message[] = [];

  constructor(limits: readonly [account: number, ...number[]], shapes: readonly CampaignShape[]) {
    const ids = [ACCOUNT, ...CONNECTIONS];
    this.limits = Object.fromEntries(ids.map((id, index) => [id, limits[index]!]));
    this.holders = Object.fromEntries(ids.map((id) => [id, new Map()]));
    this.campaigns = shapes.map((shape, index) => {
      const limitIds = [...(shape.isOfAccount ? [ACCOUNT] : []), shape.connection];
      return {
        ...shape,
        id: `campaign ${index}`,
        limitIds,
        epoch: 1,
        isOwned: true,
        state: newRun(limitIds, shape.most, 1),
        inFlight: 0,
        reporting: null,
      };
    });
  }

  get limitIds(): string[] {
    return Object.keys(this.limits);
  }

  of(limitId: string): Campaign[] {
    return this.campaigns.filter(({ limitIds }) => limitIds.includes(limitId));
  }

  /** A dial asks the records who owns the campaign. */
  dial({ state, inFlight, isOwned, epoch }: Campaign): number {
    if (state.status !== 'active' || Math.min(shareLeft(state, inFlight), slotsLeft(state, inFlight)) <= 0) return 0;
    return isOwned && state.epoch === epoch ? 1 : 0;
  }

  report(campaign: Campaign): void {
    const due = campaign.reporting === null ? reportNow(campaign.state, campaign.inFlight, this.now) : null;
    if (due === null) return;
    const { limitId } = due;
    campaign.reporting = { limitId, report: startReport(campaign.state, campaign.id, due, this.now) };
    this.mail.push({ to: campaign, kind: 'report', ...campaign.reporting });
  }

  deliver(message: Message): void {
    const { to } = message;
    if (message.kind === 'report') {
      const { limitId, report } = message;
      if (!to.isOwned || to.epoch !== report.epoch) return;
      const holder = applyReport(this.holders[limitId]!.get(to.id) ?? null, report);
      this.holders[limitId]!.set(to.id, holder);
      this.mail.push({ to, kind: 'reply', number: report.number, given: { limitId, ...holder } });
      return;
    }
    const { given } = message;
    if (given.epoch !== to.state.epoch) return;
    // The answer to an earlier report, if it comes twice, is none to this one.
    const isAnswered = message.kind === 'reply' && to.reporting?.report.number === message.number;
    if (isAnswered && to.reporting?.limitId === given.limitId) to.reporting = null;
    applyShare(to.state, given);
  }

  /** The try of an activity that got no answer is repeated. */
  repeat(campaign: Campaign): void {
    if (campaign.reporting) this.mail.push({ to: campaign, kind: 'report', ...campaign.reporting });
  }

  divide(limitId: string): void {
    const holders = this.holders[limitId]!;
    const before: Shareholder[] = [];
    for (const campaign of this.of(limitId)) {
      const holder = holders.get(campaign.id);
      if (holder === undefined) continue;
      if (campaign.isOwned) before.push(holder);
      else if (campaign.inFlight > 0) before.push(withoutOwner(holder, campaign.inFlight));
      else holders.delete(campaign.id);
    }
    for (const holder of shareOut(this.limits[limitId]!, before, this.now)) {
      holders.set(holder.campaignId, holder);
      const to = this.campaigns.find(({ id }) => id === holder.campaignId)!;
      if (holder.revision > holder.told) this.mail.push({ to, kind: 'signal', given: { limitId, ...holder } });
    }
  }

  /** Another run adopts the records. The one before may go on for a while: `state` says which of the two is looked at. */
  adopt(campaign: Campaign): void {
    campaign.epoch += 1;
    const state = newRun(campaign.limitIds, campaign.most, campaign.epoch);
    state.status = campaign.state.status;
    Object.assign(campaign, { isOwned: true, state, reporting: null });
  }

  held(limitId: string): number {
    return totalHeld([...this.holders[limitId]!.values()]);
  }

  inFlight(limitId: string): number {
    return this.of(limitId).reduce((sum, { inFlight }) => sum + inFlight, 0);
  }
}

type Step = (world: World) => void;
const pick = <T>(items: readonly T[], index: number): T | undefined => items[index % Math.max(1, items.length)];
const onCampaign = (act: (world: World, campaign: Campaign) => void) =>
  fc.nat(20).map(
    (index): Step =>
      (world) =>
        act(world, pick(world.campaigns, index)!),
  );
const onLimit = (act: (world: World, limitId: string) => void) =>
  fc.nat(20).map(
    (index): Step =>
      (world) =>
        act(world, pick(world.limitIds, index)!),
  );
const onMail = (act: (world: World, index: number) => void) =>
  fc.nat(1_000).map((index): Step => (world) => {
    if (world.mail.length > 0) act(world, index % world.mail.length);
  });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: onCampaign((world, campaign) => void (campaign.inFlight += world.dial(campaign))) },
  { weight: 5, arbitrary: onCampaign((_, campaign) => void (campaign.inFlight = Math.max(0, campaign.inFlight - 1))) },
  { weight: 5, arbitrary: onCampaign((world, campaign) => world.report(campaign)) },
  { weight: 2, arbitrary: onCampaign((world, campaign) => world.repeat(campaign)) },
  {
    weight: 2,
    arbitrary: onCampaign((_, { state }) => void (state.status = state.status === 'active' ? 'paused' : 'active')),
  },
  { weight: 1, arbitrary: onCampaign((world, campaign) => world.adopt(campaign)) },
  // A workflow that was terminated, or ended.
  { weight: 1, arbitrary: onCampaign((_, campaign) => void (campaign.isOwned = false)) },
  { weight: 8, arbitrary: onLimit((world, limitId) => world.divide(limitId)) },
  { weight: 8, arbitrary: onMail((world, index) => world.deliver(world.mail.splice(index, 1)[0]!)) },
  { weight: 1, arbitrary: onMail((world, index) => world.deliver(world.mail[index]!)) },
  { weight: 1, arbitrary: onMail((world, index) => void world.mail.splice(index, 1)) },
  {
    weight: 1,
    arbitrary: fc.nat(120_000).map(
      (ms): Step =>
        (world) =>
          void (world.now += ms),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 20 })).map(
      ([index, limit]): Step =>
        (world) =>
          void (world.limits[pick(world.limitIds, index)!] = limit),
    ),
  },
);

const limit = fc.integer({ min: 1, max: 20 });
const campaign: fc.Arbitrary<CampaignShape> = fc.record({
  most: fc.integer({ min: 1, max: 25 }),
  connection: fc.constantFrom(...CONNECTIONS),
  isOfAccount: fc.boolean(),
});
const course = fc.record({
  limits: fc.tuple(limit, limit, limit),
  campaigns: fc.array(campaign, { minLength: 1, maxLength: 5 }),
  steps: fc.array(step, { maxLength: 150, size: 'max' }),
});

/** What is above its limit, if it was not so before. */
function above(world: World, heldBefore: readonly number[]): string[] {
  return world.limitIds.flatMap((id, index) => [
    ...(world.held(id) > Math.max(heldBefore[index]!, world.limits[id]!) ? [`${id} holds ${world.held(id)}`] : []),
    // A limit that is lowered ends no call, so the sum may lie above it. But nothing is in flight that is not held.
    ...world
      .of(id)
      .filter((one) => one.inFlight > (world.holders[id]!.get(one.id)?.held ?? 0))
      .map((one) => `${one.id} has ${one.inFlight} in flight`),
  ]);
}

it('holds each limit at every step', () => {
  fc.assert(
    fc.property(course, ({ limits, campaigns, steps }) => {
      const world = new World(limits, campaigns);
      const wrong = steps.flatMap((act) => {
        const before = world.limitIds.map((id) => world.held(id));
        act(world);
        return above(world, before);
      });
      expect(wrong).toEqual([]);
    }),
    { numRuns: 400 },
  );
});

/** What each campaign should have in flight: its fair share of its connection, of which it needs no more than its account gives it. */
function fairCalls(world: World): number[] {
  const turn = Math.floor(world.now / 60_000);
  const calls = world.campaigns.map(({ state, most }) => (state.status === 'active' ? most : 0));
  for (const id of world.limitIds) {
    const sharing = [...world.campaigns.entries()].filter(([, { limitIds }]) => limitIds.includes(id));
    const needs = sharing.map(([index]) => calls[index]!);
    for (const [at, share] of fairShares(world.limits[id]!, needs, turn).entries()) calls[sharing[at]![0]] = share;
  }
  return calls;
}

it('gives each campaign its fair share once messages arrive and calls end', () => {
  fc.assert(
    fc.property(course, ({ limits, campaigns, steps }) => {
      const world = new World(limits, campaigns);
      const deliverAll = () => {
        while (world.mail.length > 0) world.deliver(world.mail.shift()!);
      };
      for (const act of steps) act(world);
      for (const one of world.campaigns) if (!one.isOwned) world.adopt(one);
      for (let round = 0; round < 90; round += 1) {
        // Signals that were lost before are made up for by the answers to reports.
        for (const one of world.campaigns) {
          world.repeat(one);
          world.report(one);
        }
        deliverAll();
        for (const id of world.limitIds) world.divide(id);
        deliverAll();
        for (const one of world.campaigns) {
          one.inFlight = Math.max(0, one.inFlight - 1);
          for (let call = 0; call < 25; call += 1) one.inFlight += world.dial(one);
        }
        // Calls above a lowered share end one in each round; a share of none is asked for again after a minute.
        if (world.campaigns.some(({ state }) => Number.isFinite(nextReportAt(state)))) world.now += 1_000;
      }
      const fair = fairCalls(world);
      const inFlight = world.campaigns.map((one) => one.inFlight);
      for (const id of world.limitIds) expect(world.inFlight(id)).toBeLessThanOrEqual(world.limits[id]!);
      const off = fair.filter((share, index) => Math.abs(share - inFlight[index]!) > 1);
      expect({ off, fair, inFlight }).toMatchObject({ off: [] });
    }),
    { numRuns: 400 },
  );
});
