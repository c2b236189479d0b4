/** A large campaign of which nearly everybody waits for a retry: what it costs must not depend on how many they are. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../db/pool.ts';
import { campaignTerms, CreateCampaign, engineSpec } from '../../domain/api/campaign-request.ts';
import { createCampaign } from '../../gateway/routes/create-campaign.ts';
import { type DevServer, startDevServer } from '../../scripts/dev-server.ts';
import { obtainTemporalCli } from '../../scripts/temporal-binaries.ts';
import { CountedRoster } from '../support/harness/counted-roster.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { type Run, runsOf } from '../support/probes/history.ts';
import { realTimeHarness, type RealTimeHarness } from '../support/harness/real-time.ts';
import { OBTAIN } from '../support/setup/shared.ts';
import { fictitiousPerson } from '../support/factories/people.ts';
import { reaches } from '../support/factories/states.ts';
import { ScriptedProvider } from '../support/fakes/scripted-provider.ts';
import { connectionsTo } from '../support/factories/connections.ts';

const FEW = 300;
const MANY = 300_000;
/** So many are due for their retry when a campaign is looked at; all others are due an hour later. */
const DUE = 100;
const WANT = 20;
const HOUR_MS = 3_600_000;
/** Early enough for a handful of runs. */
const SUGGEST_AT_EVENTS = 150;

const request = CreateCampaign.parse({
  name: 'Second tries',
  agent_id: 'agent-1',
  contacts: [fictitiousPerson(0)],
  working_days: [1, 2, 3, 4, 5, 6, 7],
  max_retry_attempts: 2,
  max_concurrent_calls: 4,
});
const terms = campaignTerms(request, 'scripted');
const directory = mkdtempSync(join(tmpdir(), 'ringfence-many-retries-'));

let server: DevServer;
let database: TestDatabase;
let real: RealTimeHarness;
let now: number;
let few: string;
let many: string;

beforeAll(async () => {
  server = await startDevServer({
    executable: (await obtainTemporalCli(OBTAIN)).path,
    port: 0,
    logFile: join(directory, 'temporal.log'),
    dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': SUGGEST_AT_EVENTS },
  });
  database = await createTestDatabase();
  real = await realTimeHarness({ address: server.address, database });
  now = Date.now();
  few = await recorded(FEW);
  many = await recorded(MANY);
});
afterAll(async () => {
  await real.close();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** Records a campaign whose people have all been called once, in vain. */
async function recorded(people: number): Promise<string> {
  const { id } = await createCampaign(
    { pool: database.pool, now, connections: connectionsTo(new ScriptedProvider(database.pool, Date.now)) },
    'default',
    request,
  );
  await inTransaction(database.pool, async (tx) => {
    await tx.query('delete from campaign_contacts where campaign_id = $1', [id]);
    await tx.query(
      `insert into campaign_contacts (campaign_id, seq, contact_id, phone_number, bucket, reason, attempt, called, due_at)
       select $1::uuid, seq, md5($1 || '.' || seq)::uuid, '+14155550100', 'retrying', 'busy', 2, true,
              to_timestamp(($3::bigint + case when seq <= $4 then seq - 1000 else $5 + seq end) / 1000.0)
         from generate_series(1, $2::int) as seq`,
      [id, people, now, DUE, HOUR_MS],
    );
    await tx.query('update campaigns set total = $2, pending = 0, retrying = $2, called = $2 where id = $1', [
      id,
      people,
    ]);
  });
  return id;
}

describe('the records of a campaign whose people wait for a retry', () => {
  it('are read by the few rows that a step concerns, and answer in as few words, however many wait', async () => {
    const costs = async (id: string) => {
      const roster = new CountedRoster(database.url, id, { now, want: WANT });
      try {
        const adopted = await roster.adopt();
        const first = await roster.exchange({});
        const second = await roster.exchange({ started: first.claimed });
        const settled = first.claimed.map(({ seq, attempt }) => ({
          seq,
          attempt,
          to: 'retrying' as const,
          reason: 'busy',
          outcome: 'busy' as const,
          at: now,
          retryAt: now + 2 * HOUR_MS,
        }));
        const third = await roster.exchange({ started: second.claimed, settled });
        const idle = await roster.exchange({ want: 0 });
        const allDue = await roster.exchange({ now: now + 2 * HOUR_MS });
        const steps = [first, second, third, idle, allDue];
        expect(steps.map(({ claimed }) => claimed.length)).toEqual([WANT, WANT, WANT, 0, WANT]);
        expect(first.claimed[0]).toEqual({ seq: 1, attempt: 2 });
        expect(idle.next).toBe(now + 3 * WANT + 1 - 1000);
        return [adopted, ...steps].map(({ read, answer }) => ({ read, answer }));
      } finally {
        await roster.close();
      }
    };
    const small = await costs(few);
    const large = await costs(many);
    for (const [step, { read, answer }] of large.entries()) {
      expect(read, `step ${step}`).toBeLessThan(20 * WANT);
      // The counts have more digits; that is all.
      expect(answer - small[step]!.answer, `step ${step}`).toBeLessThanOrEqual(40);
    }
  });
});

describe('the workflow of a campaign whose people wait for a retry', () => {
  it('is no larger for 300,000 of them than for 300', async () => {
    const { harness } = real;
    harness.provider.script = () => ({ kind: 'ends', outcome: 'completed' });
    const sizes = async (id: string) => {
      const before = harness.provider.requests.length;
      const campaign = await harness.run(id, engineSpec(terms));
      await reaches(campaign, { waiting_for: 'retry', in_flight: 0 });
      const runs = await runsOf(campaign.handle);
      await campaign.handle.terminate();
      expect(harness.provider.requests.length - before).toBe(DUE - WANT);
      return {
        events: sum(runs, ({ history }) => history.events!.length),
        exchanges: sum(runs, ({ activities }) => activities.exchange ?? 0),
        largestEvent: Math.max(...runs.flatMap(({ history }) => history.events!.map(charactersOf))),
        carried: Math.max(...runs.slice(1).map(({ input }) => charactersOf(input))),
      };
    };
    const small = await sizes(few);
    const large = await sizes(many);
    expect(small.carried).toBeGreaterThan(0);
    // How steps fall together differs from one campaign to the next; a thousand times as many people would show.
    for (const measure of ['events', 'exchanges', 'largestEvent', 'carried'] as const) {
      expect(large[measure], measure).toBeLessThan(2 * small[measure]);
    }
  });
});

function sum(runs: readonly Run[], of: (run: Run) => number): number {
  return runs.reduce((total, run) => total + of(run), 0);
}

function charactersOf(value: unknown): number {
  return JSON.stringify(value).length;
}
