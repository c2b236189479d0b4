/**
 * Campaigns, their coordinator and the records on a virtual clock, with messages that are lost, late and repeated, runs that are
 * replaced, and workflows that end: the limit of the connection holds at every step, and once nothing goes wrong any more, each
 * campaign has its fair share.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { given, isReportDue, reportAgainAt, reported } from '../../../domain/engine/known-share.ts';
import type { KnownShare } from '../../../domain/engine/campaign-state.ts';
import type { GivenShare } from '../../../domain/engine/share-messages.ts';
import {
  applyReport,
  fairShares,
  type Shareholder,
  shareOut,
  type ShareReport,
  totalHeld,
  withoutOwner,
} from '../../../domain/engine/shares.ts';

interface Campaign {
  readonly id: string;
  /** The epoch on record, and whether a run owns it. */
  epoch: number;
  isOwned: boolean;
  /** The run's own: it learns of another owner only by its refused report or dial. */
  runEpoch: number;
  known: KnownShare | null;
  most: number;
  hasWork: boolean;
  /** Accepted by the provider and not ended. */
  inFlight: number;
  /** Reports wait for their answer one by one. */
  reporting: ShareReport | null;
}

type Message = { readonly to: Campaign } & (
  | { readonly kind: 'report'; readonly report: ShareReport }
  | { readonly kind: 'reply' | 'signal'; readonly given: GivenShare }
);

class World {
  now = 0;
  limit: number;
  readonly holders = new Map<string, Shareholder>();
  readonly campaigns: Campaign[];
  readonly mail: Message[] = [];

  constructor(limit: number, most: readonly number[]) {
    this.limit = limit;
    this.campaigns = most.map((most, index) => ({
      id: `campaign ${index}`,
      epoch: 1,
      isOwned: true,
      runEpoch: 1,
      known: null,
      most,
      hasWork: true,
      inFlight: 0,
      reporting: null,
    }));
  }

  need({ hasWork, most }: Campaign): number {
    return hasWork ? most : 0;
  }

  /** A dial asks the records who owns the campaign. */
  dial(campaign: Campaign): void {
    if (
      !campaign.hasWork ||
      Math.min((campaign.known?.share ?? 0) - campaign.inFlight, campaign.most - campaign.inFlight) <= 0
    )
      return;
    if (campaign.isOwned && campaign.runEpoch === campaign.epoch) campaign.inFlight += 1;
  }

  report(campaign: Campaign): void {
    const seen = { need: this.need(campaign), most: campaign.most, inFlight: campaign.inFlight };
    if (campaign.reporting !== null || !isReportDue(campaign.known, seen, this.now)) return;
    campaign.known = reported(campaign.known, seen, this.now);
    const { report: number, revision } = campaign.known;
    const { id: campaignId, runEpoch: epoch } = campaign;
    campaign.reporting = { campaignId, epoch, number, revision, need: seen.need, inFlight: seen.inFlight };
    this.mail.push({ to: campaign, kind: 'report', report: campaign.reporting });
  }

  deliver(message: Message): void {
    const { to } = message;
    if (message.kind === 'report') {
      const { report } = message;
      if (!to.isOwned || to.epoch !== report.epoch) return;
      const holder = applyReport(this.holders.get(to.id) ?? null, report);
      this.holders.set(to.id, holder);
      this.mail.push({ to, kind: 'reply', given: holder });
      return;
    }
    if (message.given.epoch !== to.runEpoch || to.known === null) return;
    if (message.kind === 'reply') to.reporting = null;
    to.known = given(to.known, message.given);
  }

  /** The try of an activity that got no answer is repeated. */
  repeat({ reporting, ...campaign }: Campaign): void {
    const to = this.campaigns.find(({ id }) => id === campaign.id)!;
    if (reporting) this.mail.push({ to, kind: 'report', report: reporting });
  }

  divide(): void {
    const before: Shareholder[] = [];
    for (const campaign of this.campaigns) {
      const holder = this.holders.get(campaign.id);
      if (holder === undefined) continue;
      if (campaign.isOwned) before.push(holder);
      else if (campaign.inFlight > 0) before.push(withoutOwner(holder, campaign.inFlight));
      else this.holders.delete(campaign.id);
    }
    for (const holder of shareOut(this.limit, before, this.now)) {
      this.holders.set(holder.campaignId, holder);
      const to = this.campaigns.find(({ id }) => id === holder.campaignId)!;
      if (holder.revision > holder.told) this.mail.push({ to, kind: 'signal', given: holder });
    }
  }

  /** Another run adopts the records. The one before may go on for a while: `runEpoch` says which of the two is looked at. */
  adopt(campaign: Campaign): void {
    campaign.epoch += 1;
    Object.assign(campaign, { isOwned: true, runEpoch: campaign.epoch, known: null, reporting: null });
  }

  get held(): number {
    return totalHeld([...this.holders.values()]);
  }

  get inFlight(): number {
    return this.campaigns.reduce((sum, { inFlight }) => sum + inFlight, 0);
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
const onMail = (act: (world: World, index: number) => void) =>
  fc.nat(1_000).map((index): Step => (world) => {
    if (world.mail.length > 0) act(world, index % world.mail.length);
  });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: onCampaign((world, campaign) => world.dial(campaign)) },
  { weight: 5, arbitrary: onCampaign((_, campaign) => void (campaign.inFlight = Math.max(0, campaign.inFlight - 1))) },
  { weight: 5, arbitrary: onCampaign((world, campaign) => world.report(campaign)) },
  { weight: 2, arbitrary: onCampaign((world, campaign) => world.repeat(campaign)) },
  { weight: 2, arbitrary: onCampaign((_, campaign) => void (campaign.hasWork = !campaign.hasWork)) },
  { weight: 1, arbitrary: onCampaign((world, campaign) => world.adopt(campaign)) },
  // A workflow that was terminated, or ended.
  { weight: 1, arbitrary: onCampaign((_, campaign) => void (campaign.isOwned = false)) },
  { weight: 6, arbitrary: fc.constant<Step>((world) => world.divide()) },
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
    arbitrary: fc.integer({ min: 1, max: 20 }).map(
      (limit): Step =>
        (world) =>
          void (world.limit = limit),
    ),
  },
);

const course = fc.record({
  limit: fc.integer({ min: 1, max: 20 }),
  most: fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 5 }),
  steps: fc.array(step, { maxLength: 150, size: 'max' }),
});

it('holds the limit at every step', () => {
  fc.assert(
    fc.property(course, ({ limit, most, steps }) => {
      const world = new World(limit, most);
      for (const act of steps) {
        const { held } = world;
        act(world);
        expect(world.held).toBeLessThanOrEqual(Math.max(held, world.limit));
        // A limit that is lowered ends no call, so the sum may lie above it. But nothing is in flight that is not held.
        for (const { id, inFlight } of world.campaigns) {
          expect(inFlight).toBeLessThanOrEqual(world.holders.get(id)?.held ?? 0);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

it('gives each campaign its fair share once messages arrive and calls end', () => {
  fc.assert(
    fc.property(course, ({ limit, most, steps }) => {
      const world = new World(limit, most);
      for (const act of steps) act(world);
      for (const campaign of world.campaigns) if (!campaign.isOwned) world.adopt(campaign);
      for (let round = 0; round < 60; round += 1) {
        // Signals that were lost before are made up for by the answers to reports.
        for (const campaign of world.campaigns) {
          world.repeat(campaign);
          world.report(campaign);
        }
        while (world.mail.length > 0) world.deliver(world.mail.shift()!);
        world.divide();
        while (world.mail.length > 0) world.deliver(world.mail.shift()!);
        for (const campaign of world.campaigns) {
          campaign.inFlight = Math.max(0, campaign.inFlight - 1);
          for (let call = 0; call < 25; call += 1) world.dial(campaign);
        }
        // Calls above a lowered share end one in each round; a share of none is asked for again after a minute.
        world.now +=
          Math.max(
            0,
            ...world.campaigns
              .map(({ known }) => (known ? reportAgainAt(known) - world.now : 0))
              .filter(Number.isFinite),
          ) > 0
            ? 1_000
            : 0;
      }
      const turn = Math.floor(world.now / 60_000);
      const needs = world.campaigns.map((campaign) => world.need(campaign));
      const fair = fairShares(world.limit, needs, turn);
      const inFlight = world.campaigns.map((campaign) => campaign.inFlight);
      expect(world.inFlight).toBeLessThanOrEqual(world.limit);
      const off = fair.filter((share, index) => Math.abs(share - inFlight[index]!) > 1);
      expect({ off, fair, inFlight, rows: off.length > 0 ? [...world.holders.values()] : [] }).toMatchObject({
        off: [],
      });
    }),
    { numRuns: 1_000 },
  );
});
