/** The course of a run: campaigns are created and given orders all the time, through storms and lulls, to the end. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { counted } from '../../domain/engine/counted.ts';
import { draw } from '../../simulator/draw.ts';
import type { CarrierName } from '../../simulator/faults.ts';
import type { Lull } from './audit/evidence.ts';
import { clock, type Finding } from './audit/finding.ts';
import { OVER } from './audit/times.ts';
import { planCampaigns, type PlannedCampaign } from './campaigns.ts';
import { type Disturbance, planDisturbances } from './disturbances.ts';
import { drawCampaigns } from './drawn-campaigns.ts';
import { faultPlan, posesOf } from './fault-plan.ts';
import { finish, type Left } from './finish.ts';
import { readLulls } from './gather.ts';
import { forbiddenNumber, NUMBER_LIMIT } from './limits.ts';
import { longestCallMs } from './margins.ts';
import type { CampaignNotes } from './notes.ts';
import { operate } from './operators.ts';
import { type Phase, planPhases } from './phases.ts';
import { storm } from './storm.ts';
import type { ChaosSystem } from './system.ts';
import { Watch } from './watch.ts';
import { WorkflowFaults } from './workflow-faults.ts';

interface Run {
  readonly provider: CarrierName;
  readonly seed: string;
  readonly durationMs: number;
  readonly say: (line: string) => void;
}

interface Means {
  readonly system: ChaosSystem;
  readonly pool: pg.Pool;
  readonly temporal: Client;
}

export interface Course {
  readonly begin: number;
  readonly campaigns: readonly CampaignNotes[];
  readonly watch: Watch;
  readonly suppressed: ReadonlyMap<string, number>;
  readonly lulls: ReadonlyMap<string, readonly Lull[]>;
  readonly spoiled: readonly { readonly from: number; readonly to: number }[];
  readonly left: readonly Left[];
  readonly findings: readonly Finding[];
  readonly disturbances: Readonly<Record<string, number>>;
}

/** Campaigns that wait for their hours or a new day would take far too long. */
const BY_ITSELF = 0.25;
const BY_ITSELF_AT_MOST_MS = 90_000;
/** A minute after all is over nothing has been accepted; in a short run it is a part of it. */
const AFTERWARDS_MS = 60_000;
const AFTERWARDS = 0.25;
const SUPPRESSED_AT = 0.3;
const SUPPRESSED_IN_TEN = 2;
const FORBIDDEN_AT = 0.2;
const FORBIDDEN_IN_TEN = 0.5;
/** From the beginning of a lull, until all that needs no time-out to notice it is well again. */
const WELL_AGAIN_MS = 30_000;
/** A spoiled network shows for a while in what was under way. */
const SPOILED_TAIL_MS = 5_000;

export async function carryOut(
  { provider: carrier, seed, durationMs, say }: Run,
  { system, pool, temporal }: Means,
): Promise<Course> {
  const { api, provider } = system;
  const begin = Date.now();
  const run = { seed, durationMs, begin };
  const planned = [...planCampaigns(run), ...drawCampaigns(run)];
  const phases = planPhases(durationMs);
  const disturbances = planDisturbances(seed, phases);
  const campaigns: CampaignNotes[] = [];
  const lulls = new Map<string, Lull[]>();
  const findings: Finding[] = [];
  const watch = new Watch(api, pool, () => campaigns.map(({ id }) => id));
  const workflows = new WorkflowFaults({
    api,
    pool,
    temporal,
    say,
    running: () => campaigns.filter(({ id }) => !OVER.includes(watch.statusOf(id) ?? '')),
  });
  const operation = {
    api,
    temporal,
    seed,
    begin,
    say,
    onCreated: (notes: CampaignNotes) => void campaigns.push(notes),
  };
  await limitNumbers(pool);
  const operating = Promise.all(planned.map((campaign) => operate(operation, campaign)));
  // Awaited at the end; until then a failure must not count as nobody's.
  operating.catch(() => {});
  const suppressing = pause(SUPPRESSED_AT * durationMs).then(() => suppress(pool, seed, planned, say));
  const forbidding = pause(FORBIDDEN_AT * durationMs).then(() => forbid(pool, seed, planned, say));
  forbidding.catch(() => {});
  const spoiled: { from: number; to: number }[] = [];
  try {
    let late = 0;
    for (const [index, phase] of phases.entries()) {
      if (phase.kind === 'storm') {
        const { from, to } = phase;
        const stormBegin = begin + late;
        const ofStorm = disturbances.filter(({ at }) => at >= from && at < to);
        provider.setFaults(faultPlan(carrier, seed, index, to - from));
        spoiled.push(...spoiledBy(ofStorm, stormBegin));
        await storm({ system, workflows, disturbances: ofStorm, begin: stormBegin, end: stormBegin + to, say });
        provider.setFaults({ poses: posesOf(carrier, seed) });
        late = Math.max(0, Date.now() - begin - to);
      } else {
        findings.push(...(await lull(phase, { pool, watch, lulls, say })));
        // Not waited for: the next storm may find it in the middle of that.
        void workflows.startAll();
      }
    }
    await Promise.all([operating, suppressing, forbidding]);
    say('time is up: nothing is disturbed any more');
    await workflows.startAll();
    const byItselfMs = Math.min(BY_ITSELF * durationMs, BY_ITSELF_AT_MOST_MS);
    const afterwardsMs = Math.min(AFTERWARDS * durationMs, AFTERWARDS_MS);
    const left = await finish({
      api,
      provider,
      longestCallMs: longestCallMs(carrier),
      campaigns,
      byItselfMs,
      afterwardsMs,
      say,
    });
    await watch.stop();
    await watch.lookAtTables();
    return {
      begin,
      campaigns,
      watch,
      left,
      lulls,
      spoiled,
      findings,
      suppressed: await suppressing,
      disturbances: countByKind(disturbances),
    };
  } finally {
    await watch.stop();
  }
}

interface Lulling {
  readonly pool: pg.Pool;
  readonly watch: Watch;
  readonly lulls: Map<string, Lull[]>;
  readonly say: (line: string) => void;
}

/** Nothing is disturbed for the time of the phase, counted from when everything runs. */
async function lull({ from, to }: Phase, { pool, watch, lulls, say }: Lulling): Promise<Finding[]> {
  const begin = Date.now();
  say('a lull: nothing is disturbed');
  await pause(to - from);
  const end = Date.now();
  for (const [id, seen] of await readLulls(pool, begin, end)) lulls.set(id, [...(lulls.get(id) ?? []), seen]);
  say('the lull is over');
  return watch.unanswered
    .filter((at) => at > begin + WELL_AGAIN_MS && at < end)
    .slice(0, 1)
    .map((at) => ({ promise: 'P10', at, text: `the list of campaigns was not answered at ${clock(at)}, in a lull` }));
}

function spoiledBy(disturbances: readonly Disturbance[], begin: number) {
  return disturbances.flatMap((one) => {
    if (one.kind !== 'network' || !one.links.some(({ to }) => to === 'provider')) return [];
    return [{ from: begin + one.at, to: begin + one.at + one.forMs + SPOILED_TAIL_MS }];
  });
}

function countByKind(disturbances: readonly Disturbance[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const one of disturbances) {
    const kind = one.kind === 'network' ? one.how : one.kind === 'workflow' ? `workflow ${one.action}` : one.kind;
    if (kind !== 'kill' && kind !== 'freeze') counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** Puts people of every campaign on the suppression list. The instants are those of the commits, noted afterwards. */
async function suppress(
  pool: pg.Pool,
  seed: string,
  planned: readonly PlannedCampaign[],
  say: (line: string) => void,
): Promise<ReadonlyMap<string, number>> {
  const people = planned.flatMap(({ body }) => body.contacts ?? []).map((contact) => contact.phone_number);
  const numbers = [...new Set(people)].filter((number) => draw(seed, 'suppress', number) * 10 < SUPPRESSED_IN_TEN);
  for (;;) {
    try {
      await pool.query(
        `insert into suppressions (account, phone_number, reason) select 'default', unnest($1::text[]), 'chaos'
           on conflict do nothing`,
        [numbers],
      );
      const at = Date.now();
      say(`${counted(numbers.length, 'number')} suppressed at ${clock(at)}`);
      return new Map(numbers.map((number) => [number, at]));
    } catch {
      await pause(200);
    }
  }
}

async function limitNumbers(pool: pg.Pool): Promise<void> {
  await pool.query(
    `insert into accounts (name, per_number) values ('default', $1)
       on conflict (name) do update set per_number = excluded.per_number`,
    [JSON.stringify([NUMBER_LIMIT])],
  );
}

/**
 * Gives people of every campaign who were not called yet numbers that the connection does not allow. The API takes no such numbers.
 * Rows have them that were recorded before the connection's rules were narrowed. People whom operators add keep theirs: under another
 * number they would rightly be added a second time.
 */
async function forbid(
  pool: pg.Pool,
  seed: string,
  planned: readonly PlannedCampaign[],
  say: (line: string) => void,
): Promise<void> {
  const added = planned.flatMap(({ orders }) => orders.flatMap((order) => (order.kind === 'add' ? order.people : [])));
  const addedNumbers = added.map((person) => person.phone_number);
  for (;;) {
    try {
      const { rows } = await pool.query<{ campaign_id: string; seq: number }>(
        `select campaign_id, seq from campaign_contacts where bucket = 'pending' and attempt = 1
            and phone_number <> all ($1::text[])`,
        [addedNumbers],
      );
      const chosen = rows.filter((row) => draw(seed, 'forbid', row.campaign_id, row.seq) * 10 < FORBIDDEN_IN_TEN);
      const { rowCount } = await pool.query(
        `update campaign_contacts c set phone_number = n.phone_number
           from unnest($1::uuid[], $2::int[], $3::text[]) n (campaign_id, seq, phone_number)
          where c.campaign_id = n.campaign_id and c.seq = n.seq and c.bucket = 'pending' and c.attempt = 1`,
        [
          chosen.map(({ campaign_id }) => campaign_id),
          chosen.map(({ seq }) => seq),
          chosen.map((_, index) => forbiddenNumber(index)),
        ],
      );
      say(`${counted(rowCount ?? 0, 'person has', 'people have')} a number that must not be called`);
      return;
    } catch {
      await pause(200);
    }
  }
}
