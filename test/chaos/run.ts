/** One run: start everything, let operators and storms at it, bring it to its end, and audit it. */
import { readFile } from 'node:fs/promises';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { counted } from '../../domain/engine/counted.ts';
import { auditCampaign, countByPromise } from './audit/audit.ts';
import { auditConnection } from './audit/connection.ts';
import type { CampaignEvidence } from './audit/evidence.ts';
import { clock, type Finding, type PromiseName } from './audit/finding.ts';
import { personalDataAt } from './audit/privacy.ts';
import type { CarrierName } from '../../simulator/faults.ts';
import { carryOut, type Course } from './course.ts';
import { gather, strangeRequests } from './gather.ts';
import { searchHistories } from './histories.ts';
import { CONNECTION_LIMITS, NUMBER_LIMIT } from './limits.ts';
import { kindOf, KINDS, type PartKind, PARTS } from './parts.ts';
import { type ChaosSystem, startSystem } from './system.ts';

export interface ChaosRun {
  readonly provider: CarrierName;
  readonly seed: string;
  readonly minutes: number;
  /** Where databases and logs are kept. */
  readonly home: string;
  /** Told in one line each what is done and what happens. */
  readonly say: (line: string) => void;
}

/** The last line of a run. */
export interface ChaosVerdict {
  readonly provider: CarrierName;
  readonly seed: string;
  readonly minutes: number;
  readonly kills: Readonly<Record<PartKind, number>>;
  readonly freezes: Readonly<Record<PartKind, number>>;
  /** How often a process ended that was not killed. */
  readonly crashes: number;
  /** How often each other kind of disturbance befell the system. */
  readonly disturbances: Readonly<Record<string, number>>;
  readonly campaigns: number;
  /** Calls that the provider accepted. */
  readonly calls: number;
  /** How often each promise was broken. P10: what does not go on, or not come to an end, after everything is well again. */
  readonly violations: Readonly<Record<PromiseName, number>>;
  /** The first of them, each with the minute of the run, where it has one. */
  readonly findings: readonly {
    readonly promise: PromiseName;
    readonly minute: number | null;
    readonly text: string;
  }[];
  readonly agree: boolean;
}

const FINDINGS_TOLD = 40;

export async function runChaos(run: ChaosRun): Promise<ChaosVerdict> {
  const { provider, seed, minutes } = run;
  const began = performance.now();
  const say = (line: string) => run.say(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)}  ${line}`);
  const system = await startSystem({ home: run.home, seed, carrier: provider, say });
  const pool = new pg.Pool({ connectionString: system.databaseUrl });
  pool.on('error', () => {});
  const connection = Connection.lazy({ address: system.temporalAddress });
  try {
    say('everything runs');
    const temporal = new Client({ connection });
    const course = await carryOut({ provider, seed, durationMs: minutes * 60_000, say }, { system, pool, temporal });
    const { evidence, findings } = await audit(course, { provider, system, pool, temporal, say });
    summarise(evidence, course, say);
    const minuteOf = (at: number | undefined) =>
      at === undefined ? null : Math.round((at - course.begin) / 6_000) / 10;
    const told = findings.map(({ promise, text, at }) => ({ promise, minute: minuteOf(at), text }));
    for (const { promise, minute, text } of told) say(`VIOLATION ${promise} (minute ${minute ?? '-'}) ${text}`);
    return {
      provider,
      seed,
      minutes,
      kills: countByKind(system, 'kills'),
      freezes: countByKind(system, 'freezes'),
      crashes: PARTS.reduce((sum, part) => sum + system.parts[part].crashes, 0),
      disturbances: course.disturbances,
      campaigns: course.campaigns.length,
      calls: system.provider.summary().accepted,
      violations: countByPromise(findings),
      findings: told.slice(0, FINDINGS_TOLD),
      agree: findings.length === 0,
    };
  } finally {
    await pool.end();
    await connection.close();
    await system.stop();
  }
}

interface Auditing {
  readonly provider: CarrierName;
  readonly system: ChaosSystem;
  readonly pool: pg.Pool;
  readonly temporal: Client;
  readonly say: (line: string) => void;
}

async function audit(course: Course, { provider, system, pool, temporal, say }: Auditing) {
  const { campaigns, watch, suppressed, left, lulls, spoiled } = course;
  const ledger = system.provider.ledger();
  const sources = {
    pool,
    temporal,
    provider,
    ledger,
    suppressed,
    sightings: watch.sightings,
    lulls,
    spoiled,
  };
  const { peak_in_flight: peak } = system.provider.summary();
  say(
    `at most ${counted(peak, 'call')} at once; ${counted(system.requests.sent.length, 'request')} to place one, of ${counted(ledger.calls.length, 'call')}`,
  );
  const evidence: CampaignEvidence[] = [];
  for (const notes of campaigns) evidence.push(await gather(sources, notes));
  const histories = await searchHistories(temporal);
  say(
    `${counted(histories.runs, 'workflow run')}, ${histories.continued} of them continued as new, ${counted(histories.events, 'event')}`,
  );
  say(
    `${counted(watch.answers, 'campaign')} read in answers; requests by status ${JSON.stringify(ledger.requests_by_status)}`,
  );
  const findings: Finding[] = [
    ...course.findings,
    ...watch.findings,
    ...evidence.flatMap(auditCampaign),
    ...strangeRequests(ledger, campaigns),
    ...auditConnection({
      calls: ledger.calls,
      sent: system.requests.sent,
      ...CONNECTION_LIMITS,
      numberLimit: NUMBER_LIMIT,
    }),
    ...left.map(({ notes, answer }): Finding => {
      const { status, pending, retrying, in_progress } = answer ?? {};
      const counts = `${pending} pending, ${retrying} retrying, ${in_progress} in progress`;
      return {
        promise: 'P10',
        text: `"${notes.label}" (${notes.id}) did not end: ${status ?? 'cannot be read'}, ${counts}`,
      };
    }),
    ...histories.findings,
    ...PARTS.flatMap((part) =>
      system.parts[part].hung.map((at): Finding => {
        return { promise: 'P10', at, text: `${part} was started at ${clock(at)} and did not come to be ready` };
      }),
    ),
    ...(await personalDataInLogs(system)),
  ];
  return { evidence, findings };
}

function summarise(evidence: readonly CampaignEvidence[], { campaigns }: Course, say: (line: string) => void): void {
  for (const { notes, record, accepted, calls } of evidence) {
    const lost = calls.filter(({ outcome }) => outcome === 'lost').length;
    const edits = notes.edits.filter(({ taken }) => taken === 'yes').length;
    const added = notes.additions.filter(({ taken }) => taken === 'yes').length;
    const removed = notes.removals.filter(({ taken }) => taken === 'yes').length;
    const moved = notes.callbacks.filter(({ taken }) => taken === 'yes').length;
    const people = `${counted(added, 'addition')}, ${counted(removed, 'removal')} and ${counted(moved, 'moved call')} acknowledged`;
    const touched = `${counted(notes.terminations.length, 'time')} ended from outside, ${counted(notes.resets.length, 'time')} reset`;
    say(
      `"${notes.label}": ${record.status}, ${counted(accepted.length, 'call')} (${lost} given up as lost), ` +
        `${counted(notes.pauses.length, 'pause')} and ${counted(edits, 'edit')} acknowledged, ${people}, ${touched}, ${JSON.stringify(record.buckets)}`,
    );
  }
  say(counted(campaigns.length, 'campaign'));
}

function countByKind({ parts }: ChaosSystem, what: 'kills' | 'freezes'): Record<PartKind, number> {
  const count = (kind: PartKind) =>
    PARTS.filter((part) => kindOf(part) === kind).reduce((sum, part) => sum + parts[part][what], 0);
  return Object.fromEntries(KINDS.map((kind) => [kind, count(kind)])) as Record<PartKind, number>;
}

async function personalDataInLogs({ logs }: ChaosSystem): Promise<Finding[]> {
  const found = PARTS.map(async (part) => personalDataAt(`the log of ${part}`, await readFile(logs[part], 'utf8')));
  return (await Promise.all(found)).flat();
}
