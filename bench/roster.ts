/**
 * `npm run bench -- roster`: what the size of a roster costs. Import through the gateway, enrolment by the campaign, and
 * the exchanges (claim twenty, settle the twenty before) of a campaign of a thousand contacts beside one of a million, and
 * beside one of a million in forty groups with their own hours.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { adoptRoster } from '../db/adoption.ts';
import { inTransaction, openPool, type Pool } from '../db/pool.ts';
import { exchange } from '../db/roster.ts';
import type { ReadyContact } from '../domain/engine/campaign-state.ts';
import type { ExchangeRequest } from '../domain/engine/roster.ts';
import { createCampaign } from './campaign.ts';
import { importPeople } from './contacts.ts';
import { memoryOf } from './cpu.ts';
import { percentiles, rounded } from './statistics.ts';
import type { MeasuredSystem } from './system.ts';

const SMALL = 1_000;
const CLAIM = 20;
/** The campaigns whose exchanges are timed do not call anybody while they are. */
const LATER = '2099-01-01T00:00:00Z';
const RUN = 'bench';

export interface RosterReport {
  readonly contacts: number;
  readonly import: {
    readonly rows_per_second: number;
    readonly gateway_peak_mb: number;
    readonly gateway_start_mb: number;
  };
  readonly enrolment: { readonly contacts_per_second: number };
  readonly exchange: {
    readonly claimed_and_settled: number;
    readonly exchanges: number;
    readonly ms_at_1000: number;
    readonly ms_at_size: number;
    /** Of the medians: the large roster's over the small one's. */
    readonly ratio: number;
  };
  /** The same large roster in groups of contacts with their own hours. */
  readonly groups: {
    readonly groups: number;
    readonly contacts_per_second: number;
    readonly ms_at_size: number;
  };
  /** Of the medians: the roster in groups over the same one in one group. */
  readonly groups_ratio: number;
}

export async function measureRoster(system: MeasuredSystem, { contacts }: { contacts: number }): Promise<RosterReport> {
  await system.workerReady;
  const pool = openPool(system.databaseUrl, { max: 4 });
  try {
    const started = await memoryOf(system.gateway.pid);
    const imported = await timed(() => importPeople(system.ringfence, contacts));
    const memory = await memoryOf(system.gateway.pid);
    const large = await createCampaign(system, imported.value, { schedule_type: 'scheduled', scheduled_at: LATER });
    const enrolled = await timed(() => untilEnrolled(pool, large.id));
    const smallFolder = await importPeople(system.ringfence, SMALL, contacts);
    await spreadOverZones(pool, imported.value);
    const grouped = await createCampaign(system, imported.value, {
      timezone: 'contact',
      schedule_type: 'scheduled',
      scheduled_at: LATER,
    });
    const enrolledInGroups = await timed(() => untilEnrolled(pool, grouped.id));
    const exchanges = SMALL / CLAIM;
    const small: number[] = [];
    const big = new Exchanges(pool, large.id);
    const atSize: number[] = [];
    await big.adopt();
    const inGroups = new Exchanges(
      pool,
      grouped.id,
      ZONES.map((_, group) => group),
    );
    const ofGroups: number[] = [];
    await inGroups.adopt();
    // By turns, so that a slow minute of the machine falls on both.
    for (let round = 0; round < 6; round += 1) {
      const campaign = await createCampaign(system, smallFolder, { schedule_type: 'scheduled', scheduled_at: LATER });
      await untilEnrolled(pool, campaign.id);
      const little = new Exchanges(pool, campaign.id);
      await little.adopt();
      small.push(...(await little.run(exchanges)));
      atSize.push(...(await big.run(exchanges)));
      ofGroups.push(...(await inGroups.run(exchanges)));
    }
    const [atThousand, atLarge, atGroups] = [small, atSize, ofGroups].map((took) => percentiles(took).p50) as [
      number,
      number,
      number,
    ];
    return {
      contacts,
      import: {
        rows_per_second: Math.round(contacts / imported.seconds),
        gateway_peak_mb: Math.round(memory.peak / 1e6),
        gateway_start_mb: Math.round(started.now / 1e6),
      },
      enrolment: { contacts_per_second: Math.round(contacts / enrolled.seconds) },
      exchange: {
        claimed_and_settled: CLAIM,
        exchanges: small.length,
        ms_at_1000: rounded(atThousand, 2),
        ms_at_size: rounded(atLarge, 2),
        ratio: rounded(atLarge / atThousand, 2),
      },
      groups: {
        groups: ZONES.length,
        contacts_per_second: Math.round(contacts / enrolledInGroups.seconds),
        ms_at_size: rounded(atGroups, 2),
      },
      groups_ratio: rounded(atGroups / atLarge, 2),
    };
  } finally {
    await pool.end();
  }
}

/** The exchanges of one campaign as its workflow would make them, one after another. */
class Exchanges {
  #exchanges = 0;
  #epoch = 0;
  #claimed: readonly ReadyContact[] = [];

  constructor(
    private readonly pool: Pool,
    private readonly campaignId: string,
    private readonly open: readonly number[] = [0],
  ) {}

  async adopt(): Promise<void> {
    const adoption = { campaignId: this.campaignId, runId: RUN, number: 1 };
    const { lastExchange, epoch } = await inTransaction(this.pool, (tx) => adoptRoster(tx, adoption, Date.now()));
    this.#exchanges = lastExchange;
    this.#epoch = epoch;
  }

  /** Returns how long each took, in milliseconds. */
  async run(times: number): Promise<number[]> {
    const took: number[] = [];
    for (let time = 0; time < times; time += 1) {
      await this.#dial();
      const request = this.#next();
      const { seconds, value: reply } = await timed(() => exchange(this.pool, request, RUN));
      if (reply.kind !== 'exchanged' || reply.claimed.length !== CLAIM) throw new Error('the exchange did not claim');
      this.#claimed = reply.claimed;
      took.push(seconds * 1000);
    }
    return took;
  }

  /** Dial records of what was claimed, as placements leave them. */
  async #dial(): Promise<void> {
    await this.pool.query(
      `insert into calls (id, campaign_id, seq, attempt, connection, request, day, first_sent_at, provider_call_id, accepted_at)
       select $1::text || '.' || seq || '.1', $1::uuid, seq, 1, 'bench', '{}', current_date, now(), gen_random_uuid()::text, now()
         from unnest($2::int[]) as seq`,
      [this.campaignId, this.#claimed.map(({ seq }) => seq)],
    );
  }

  #next(): ExchangeRequest {
    const now = Date.now();
    this.#exchanges += 1;
    return {
      campaignId: this.campaignId,
      now,
      exchangeNumber: this.#exchanges,
      epoch: this.#epoch,
      continuedFrom: null,
      settled: this.#claimed.map(({ seq, attempt }) => ({
        seq,
        attempt,
        to: 'completed',
        reason: 'completed',
        outcome: 'completed',
        at: now,
        retryAt: null,
      })),
      started: [],
      returned: [],
      released: [],
      endRetries: null,
      want: CLAIM,
      open: this.open,
      sync: { status: 'active', ending: null, waitingFor: null, until: null, placed: 0, zoneData: null, trouble: null },
      terms: null,
      day: null,
      lateEvents: 0,
    };
  }
}

/** Forty zones, each of which makes a group. */
const CITIES: Readonly<Record<string, string>> = {
  America:
    'Anchorage Bogota Caracas Chicago Denver Halifax Lima Los_Angeles Mexico_City New_York Phoenix Santiago Sao_Paulo St_Johns Toronto Vancouver',
  Europe: 'Athens Berlin Dublin Helsinki Lisbon London Madrid Moscow Paris Rome',
  Asia: 'Dubai Hong_Kong Jakarta Kolkata Manila Seoul Singapore Tokyo',
  Africa: 'Cairo Johannesburg Lagos',
  Australia: 'Perth Sydney',
  Pacific: 'Auckland',
};
const ZONES = Object.entries(CITIES).flatMap(([area, cities]) => cities.split(' ').map((city) => `${area}/${city}`));

/** Gives the people of the folder time zones, by turns. */
async function spreadOverZones(pool: Pool, folderId: string): Promise<void> {
  await pool.query('update contacts set timezone = ($2::text[])[1 + (seq % $3)::int] where folder_id = $1', [
    folderId,
    ZONES,
    ZONES.length,
  ]);
}

/** Resolves once the campaign has its people and has gone to sleep. */
async function untilEnrolled(pool: Pool, campaignId: string): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ asleep: boolean }>(
      'select owner_run_id is not null as asleep from campaigns where id = $1',
      [campaignId],
    );
    if (rows[0]?.asleep) return;
    await pause(20);
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly seconds: number }> {
  const startedAt = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - startedAt) / 1000 };
}
