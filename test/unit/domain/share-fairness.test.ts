/**
 * How soon a campaign that starts beside another one has its share, on a virtual clock: calls take their time, messages take a
 * round trip, and a call begins only when a campaign knows that it may.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { KnownShare } from '../../../domain/engine/campaign-state.ts';
import { given, isReportDue, reported } from '../../../domain/engine/known-share.ts';
import type { GivenShare } from '../../../domain/engine/share-messages.ts';
import { applyReport, type Shareholder, shareOut, totalHeld } from '../../../domain/engine/shares.ts';
import { seededRandom } from '../../simulation/random.ts';

const TICK_MS = 20;
const SECOND = 1_000;
const LIMIT_ID = 'clinic-us';

interface Campaign {
  readonly id: string;
  readonly most: number;
  contacts: number;
  known: KnownShare | null;
  reporting: boolean;
  /** When its calls end. */
  calls: number[];
}

interface Course {
  readonly limit: number;
  /** A call lasts from four fifths of this to this. */
  readonly longestMs: number;
  /** The way of one message. */
  readonly latencyMs: number;
  readonly seed: number;
}

class Connection {
  now = 0;
  readonly campaigns: Campaign[] = [];
  readonly #holders = new Map<string, Shareholder>();
  #mail: { readonly at: number; readonly deliver: () => void }[] = [];
  readonly #random: () => number;

  constructor(readonly course: Course) {
    this.#random = seededRandom(course.seed);
  }

  start(id: string, contacts: number, most: number): Campaign {
    const campaign: Campaign = { id, most, contacts, known: null, reporting: false, calls: [] };
    this.campaigns.push(campaign);
    return campaign;
  }

  runUntil(until: number, each: () => void = () => {}): void {
    for (; this.now < until; this.now += TICK_MS) {
      const due = this.#mail.filter(({ at }) => at <= this.now);
      this.#mail = this.#mail.filter(({ at }) => at > this.now);
      for (const { deliver } of due) deliver();
      for (const campaign of this.campaigns) {
        campaign.calls = campaign.calls.filter((end) => end > this.now);
        this.#call(campaign);
        this.#report(campaign);
      }
      expect(this.campaigns.reduce((sum, { calls }) => sum + calls.length, 0)).toBeLessThanOrEqual(this.course.limit);
      each();
    }
  }

  #call(campaign: Campaign): void {
    const { calls, most, known } = campaign;
    while (campaign.contacts > 0 && calls.length < Math.min(most, known?.share ?? 0)) {
      campaign.contacts -= 1;
      calls.push(this.now + this.course.longestMs * (0.8 + 0.2 * this.#random()));
    }
  }

  #report(campaign: Campaign): void {
    const { most, contacts, calls, known, id: campaignId } = campaign;
    const slots = { need: Math.min(most, calls.length + contacts), most, inFlight: calls.length };
    if (campaign.reporting || !isReportDue(known, slots, this.now)) return;
    campaign.reporting = true;
    campaign.known = reported(known, slots, this.now);
    const { report: number, revision, need } = campaign.known;
    const report = { campaignId, epoch: 1, number, revision, need, inFlight: slots.inFlight };
    this.#send(() => {
      const holder = applyReport(this.#holders.get(campaignId) ?? null, report);
      this.#holders.set(campaignId, holder);
      this.#send(() => {
        campaign.reporting = false;
        this.#learn(campaign, holder);
      });
      this.#send(() => this.#divide());
    });
  }

  #divide(): void {
    const { limit } = this.course;
    const before = [...this.#holders.values()];
    for (const holder of shareOut(limit, before, this.now)) {
      if (holder.revision > (this.#holders.get(holder.campaignId)?.revision ?? 0)) {
        const campaign = this.campaigns.find(({ id }) => id === holder.campaignId)!;
        this.#send(() => this.#learn(campaign, holder));
      }
      this.#holders.set(holder.campaignId, holder);
    }
    expect(totalHeld([...this.#holders.values()])).toBeLessThanOrEqual(limit);
  }

  #learn(campaign: Campaign, { epoch, revision, share, held }: Shareholder): void {
    const told: GivenShare = { limitId: LIMIT_ID, epoch, revision, share, held };
    campaign.known = given(campaign.known!, told);
  }

  #send(deliver: () => void): void {
    this.#mail.push({ at: this.now + this.course.latencyMs, deliver });
  }
}

const course: fc.Arbitrary<Course> = fc.record({
  limit: fc.integer({ min: 2, max: 60 }),
  longestMs: fc.integer({ min: 2 * SECOND, max: 60 * SECOND }),
  latencyMs: fc.integer({ min: TICK_MS, max: 500 }),
  seed: fc.nat(),
});
/** The report of the new campaign, the division, the order to the other; then its report, the division, and the share. */
const MESSAGES = 8;

it('a campaign of 100 beside one of 100,000 that fills the connection has half of it within one call’s length', () => {
  fc.assert(
    fc.property(course, (stated) => {
      const { limit, longestMs, latencyMs } = stated;
      const connection = new Connection(stated);
      const large = connection.start('large', 100_000, limit);
      connection.runUntil(longestMs + 5 * latencyMs);
      expect(large.calls).toHaveLength(limit);
      const small = connection.start('small', 100, limit);
      const half = Math.floor(limit / 2);
      let has = 0;
      connection.runUntil(connection.now + longestMs + MESSAGES * (latencyMs + TICK_MS), () => {
        has = Math.max(has, small.calls.length);
        // The large one loses no more than the other half.
        expect(large.calls.length).toBeGreaterThanOrEqual(half - 1);
      });
      expect(has).toBeGreaterThanOrEqual(half);
    }),
    { numRuns: 15 },
  );
});

it('campaigns that start together share equally, and use what others leave', () => {
  const stated = { limit: 30, longestMs: 12 * SECOND, latencyMs: 100, seed: 1 };
  const connection = new Connection(stated);
  const campaigns = Array.from({ length: 10 }, (_, index) => connection.start(`campaign ${index}`, 10_000, 20));
  connection.runUntil(60 * SECOND);
  let used = 0;
  let ticks = 0;
  connection.runUntil(connection.now + 120 * SECOND, () => {
    ticks += 1;
    for (const { calls } of campaigns) used += calls.length;
  });
  for (const { calls } of campaigns) expect(calls.length).toBeGreaterThanOrEqual(2);
  expect(used / ticks / stated.limit).toBeGreaterThan(0.99);
  for (const campaign of campaigns.slice(1)) campaign.contacts = 0;
  connection.runUntil(connection.now + 30 * SECOND);
  expect(campaigns[0]!.calls).toHaveLength(20);
});
