/** One run: start everything, let operators and killers at it, bring it to its end, and audit it. */
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { openPool, type Pool } from '../../db/pool.ts';
import { draw } from '../../simulator/draw.ts';
import { auditCampaign, countByPromise } from './audit/audit.ts';
import { clock, type Finding, type PromiseName } from './audit/finding.ts';
import { personalDataAt } from './audit/privacy.ts';
import { planCampaigns, type PlannedCampaign } from './campaigns.ts';
import { faultPlan } from './fault-plan.ts';
import { finish } from './finish.ts';
import { gather, strangeRequests } from './gather.ts';
import { searchHistories } from './histories.ts';
import { PARTS, type PartName, planKills } from './kills.ts';
import type { CampaignNotes } from './notes.ts';
import { operate } from './operators.ts';
import { type ChaosSystem, startSystem } from './system.ts';
import { Watch } from './watch.ts';

export interface ChaosRun {
  readonly seed: string;
  readonly minutes: number;
  /** Where databases and logs are kept. */
  readonly home: string;
  /** Told in one line each what is done and what happens. */
  readonly say: (line: string) => void;
}

/** The last line of a run. */
export interface ChaosVerdict {
  readonly seed: string;
  readonly minutes: number;
  readonly kills: Readonly<Record<PartName, number>>;
  /** Calls that the provider accepted. */
  readonly calls: number;
  /** How often each promise was broken. P10, that all others hold through any death: campaigns that never came to an end. */
  readonly violations: Readonly<Record<PromiseName, number>>;
  readonly agree: boolean;
}

/** Campaigns that wait for their hours or a new day would take far too long. */
const BY_ITSELF = 0.25;
const BY_ITSELF_AT_MOST_MS = 90_000;
const SUPPRESSED_AT = 0.3;
const SUPPRESSED_IN_TEN = 2;

export async function runChaos(run: ChaosRun): Promise<ChaosVerdict> {
  const { seed, minutes } = run;
  const began = performance.now();
  const say = (line: string) => run.say(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)}  ${line}`);
  const system = await startSystem({ home: run.home, seed, say });
  const pool = openPool(system.databaseUrl);
  try {
    say('everything runs');
    const { campaigns, watch, suppressed, left } = await carryOut({ ...run, say }, system, pool);
    const ledger = system.provider.ledger();
    const sources = { pool, ledger, ends: system.tap.ends, suppressed };
    const evidence = await Promise.all(campaigns.map((notes) => gather(sources, notes)));
    const histories = await searchHistories(system.temporalAddress);
    const findings: Finding[] = [
      ...watch.findings,
      ...evidence.flatMap(auditCampaign),
      ...strangeRequests(ledger, campaigns),
      ...left.map(({ id, name, status, in_progress, pending, retrying }): Finding => ({
        promise: 'P10',
        text: `"${name}" (${id}) did not end: ${status}, ${pending} pending, ${retrying} retrying, ${in_progress} in progress`,
      })),
      ...histories.findings,
      ...(await personalDataInLogs(system)),
    ];
    say(`${histories.runs} workflow runs, ${histories.continued} of them continued as new, ${histories.events} events`);
    say(`${watch.answers} campaigns read in answers; requests by status ${JSON.stringify(ledger.requests_by_status)}`);
    for (const { notes, record, accepted, calls } of evidence) {
      const lost = calls.filter(({ outcome }) => outcome === 'lost').length;
      const edits = notes.edits.filter(({ taken }) => taken === 'yes').length;
      say(
        `"${notes.label}": ${record.status}, ${accepted.length} calls (${lost} given up as lost), ` +
          `${notes.pauses.length} pauses and ${edits} edits acknowledged, ${JSON.stringify(record.buckets)}`,
      );
    }
    for (const { promise, text } of findings) say(`VIOLATION ${promise} ${text}`);
    const kills = Object.fromEntries(PARTS.map((part) => [part, system.parts[part].kills])) as Record<PartName, number>;
    return {
      seed,
      minutes,
      kills,
      calls: ledger.accepted,
      violations: countByPromise(findings),
      agree: findings.length === 0,
    };
  } finally {
    await pool.end();
    await system.stop();
  }
}

async function carryOut({ seed, minutes, say }: ChaosRun, system: ChaosSystem, pool: Pool) {
  const { api, parts, provider } = system;
  const durationMs = minutes * 60_000;
  const begin = Date.now();
  const planned = planCampaigns({ seed, durationMs, begin });
  const campaigns: CampaignNotes[] = [];
  const operation = { api, seed, begin, say, onCreated: (notes: CampaignNotes) => void campaigns.push(notes) };
  provider.setFaults(faultPlan(seed, durationMs));
  const watch = new Watch(api, pool);
  const operating = Promise.all(planned.map((campaign) => operate(operation, campaign)));
  const killing = Promise.all(
    PARTS.map(async (part) => {
      for (const { at, downMs } of planKills(seed, durationMs).filter((kill) => kill.part === part)) {
        await pause(Math.max(0, begin + at - Date.now()));
        await parts[part].killFor(downMs);
      }
    }),
  );
  const suppressing = pause(SUPPRESSED_AT * durationMs).then(() => suppress(pool, seed, planned, say));
  try {
    await Promise.all([operating, killing, suppressing, pause(durationMs)]);
    provider.setFaults({ poses: faultPlan(seed, durationMs).poses });
    await Promise.all(PARTS.map((part) => parts[part].run()));
    say('time is up: faults are off and nothing is killed any more');
    const byItselfMs = Math.min(BY_ITSELF * durationMs, BY_ITSELF_AT_MOST_MS);
    const left = await finish({ api, provider, campaigns, byItselfMs, say });
    await watch.stop();
    await watch.lookAtTables();
    return { campaigns, watch, left, suppressed: await suppressing };
  } finally {
    await watch.stop();
  }
}

/** Puts people of every campaign on the suppression list. The instants are those of the commits, noted afterwards. */
async function suppress(pool: Pool, seed: string, planned: readonly PlannedCampaign[], say: (line: string) => void) {
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
      say(`${numbers.length} numbers suppressed at ${clock(at)}`);
      return new Map(numbers.map((number) => [number, at]));
    } catch {
      await pause(200);
    }
  }
}

async function personalDataInLogs({ logs }: ChaosSystem): Promise<Finding[]> {
  const found = PARTS.map(async (part) => personalDataAt(`the log of ${part}`, await readFile(logs[part], 'utf8')));
  return (await Promise.all(found)).flat();
}
