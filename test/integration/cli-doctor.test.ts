import Long from 'long';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { run } from '../../cli/run.ts';
import { connectTemporal } from '../../client/temporal/connection.ts';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { createSimulator } from '../../simulator/simulator.ts';
import { recordZoneData } from '../../db/zone-data.ts';
import { ZONE_DATA_VERSION } from '../../domain/windows/zone-data.ts';
import { nextId } from '../support/factories/ids.ts';
import { SystemHarness } from '../support/harness/system-harness.ts';

interface Report {
  readonly well: boolean;
  readonly findings: readonly {
    readonly check: string;
    readonly state: string;
    readonly found: string;
    readonly advice?: string;
    readonly facts?: Readonly<Record<string, unknown>>;
  }[];
}

let out = '';
const closing: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation((text: string) => void (out += `${text}\n`));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  for (const close of closing.splice(0).toReversed()) await close();
});

function setEnv(env: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
}

async function doctor(): Promise<{ code: number; report: Report }> {
  out = '';
  const code = await run(['doctor', '--json'], process.env);
  return { code, report: JSON.parse(out) as Report };
}

const troubles = ({ findings }: Report) => findings.filter(({ state }) => state === 'trouble');

/** A whole system, and the environment that names all its parts. */
async function systemInEnv(): Promise<SystemHarness> {
  const harness = await SystemHarness.start();
  closing.push(() => harness.close());
  const provider = createSimulator({ apiKey: 'doctor-key' });
  closing.push(() => provider.close());
  setEnv({
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    RINGFENCE_TASK_QUEUE: harness.taskQueue,
    RINGFENCE_API_URL: harness.apiUrl + API_ROOT,
    RINGFENCE_API_KEY: 'harness-write-key-1',
    DATABASE_URL: harness.db.url,
    TRUEDY_BASE_URL: await provider.listen(),
    TRUEDY_API_KEY: 'doctor-key',
    TRUEDY_WEBHOOK_SECRETS: 'whsec_doctor',
  });
  return harness;
}

describe('doctor', () => {
  it('finds a system well, says in which versions, and then what is not', async () => {
    const harness = await systemInEnv();
    const { code, report } = await doctor();
    expect(troubles(report)).toEqual([]);
    expect(code).toBe(0);
    expect(report.well).toBe(true);
    const states = new Set(report.findings.map(({ state }) => state));
    expect(states).toEqual(new Set(['well']));
    const facts = Object.assign({}, ...report.findings.map((each) => each.facts)) as Record<string, unknown>;
    expect(facts).toMatchObject({ ringfence: expect.any(String), node: process.versions.node, missing: [] });
    const releases = report.findings.flatMap(({ check, facts }) =>
      facts?.zone_data ? [[check, facts.zone_data]] : [],
    );
    expect(releases).toEqual(['program', 'gateway', 'zone data'].map((check) => [check, ZONE_DATA_VERSION]));
    const clocks = report.findings.filter(({ check }) => check === 'clock').map((each) => each.facts?.of);
    expect(clocks).toEqual(['the Temporal server', 'the gateway', 'PostgreSQL']);
    expect(report.findings.filter(({ check }) => check === 'task queues')).toHaveLength(3);

    out = '';
    expect(await run(['doctor'], process.env)).toBe(0);
    expect(out).toMatch(/^ok +Temporal +server \S+ answers$/m);
    expect(out).toMatch(/\nAll is well\.\n$/);
    expect(out).not.toMatch(/harness-write-key-1|doctor-key|whsec_|postgres:\/\//);

    await recordZoneData(harness.db.pool, '2099a');
    expect(troubles((await doctor()).report)).toMatchObject([
      { check: 'zone data', found: expect.stringContaining('2099a') },
    ]);

    await harness.db.pool.query("update schema_migrations set name = '9999_of_the_future'");
    setEnv({
      RINGFENCE_TASK_QUEUE: nextId('nobody'),
      RINGFENCE_API_KEY: 'a-key-that-nobody-made',
      TRUEDY_API_KEY: 'another-key',
    });
    const second = await doctor();
    expect(second.code).toBe(7);
    expect(second.report.well).toBe(false);
    expect(troubles(second.report)).toMatchObject([
      { check: 'task queues', found: expect.stringContaining('workflows: no worker polls nobody') },
      { check: 'task queues', found: expect.stringContaining('activities: no worker polls nobody') },
      { check: 'task queues', found: expect.stringMatching(/dials of truedy: no worker polls nobody.*-dials-truedy/) },
      { check: 'API key', advice: expect.stringContaining('keys create') },
      {
        check: 'schema',
        found: expect.stringContaining('0001_initial'),
        advice: expect.stringContaining('Start a worker'),
      },
      { check: 'provider', found: expect.stringContaining('refuses the key') },
    ]);
    out = '';
    expect(await run(['doctor'], process.env)).toBe(7);
    expect(out).toMatch(
      /^TROUBLE +schema +migrations that it has not had: 0001_initial, .+\n +Start a worker or gateway/m,
    );
    expect(out).toMatch(/6 of \d+ need something done\.\n$/);
  });

  it('names search attributes that are missing, and the command that registers them', async () => {
    const namespace = nextId(`doctor-${process.pid}`);
    const client = await connectTemporal({ env: { TEMPORAL_ADDRESS: inject('temporalAddress') } });
    closing.push(() => client.connection.close());
    setEnv({ TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_NAMESPACE: namespace, DATABASE_URL: '' });
    const none = await doctor();
    expect(troubles(none.report)).toContainEqual(
      expect.objectContaining({ check: 'namespace', advice: expect.stringContaining(`--namespace ${namespace}`) }),
    );

    await client.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: Long.fromNumber(86_400) },
    });
    await vi.waitFor(async () => {
      const { report } = await doctor();
      expect(troubles(report)).toContainEqual(
        expect.objectContaining({
          check: 'search attributes',
          advice: expect.stringContaining('--name CampaignStatus --name CampaignName --name AgentId --name WaitingFor'),
        }),
      );
    });
  });

  it('says of each part that it cannot be reached, and what to look at', async () => {
    setEnv({
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      RINGFENCE_API_URL: `http://127.0.0.1:1${API_ROOT}`,
      RINGFENCE_API_KEY: 'any-key-of-some-length',
      DATABASE_URL: 'postgres://127.0.0.1:1/none',
      TRUEDY_BASE_URL: 'http://127.0.0.1:1',
      TRUEDY_API_KEY: 'any',
      TRUEDY_WEBHOOK_SECRETS: 'whsec_any',
    });
    const { code, report } = await doctor();
    expect(code).toBe(7);
    expect(troubles(report).map(({ check }) => check)).toEqual(['Temporal', 'gateway', 'database', 'provider']);
    expect(troubles(report).every(({ advice }) => advice !== undefined)).toBe(true);
    expect(troubles(report)).toContainEqual(
      expect.objectContaining({ found: 'PostgreSQL at 127.0.0.1:1/none does not answer (ECONNREFUSED)' }),
    );

    setEnv({ TEMPORAL_PROFILE: 'nobody-made-this', TRUEDY_BASE_URL: 'not an address' });
    const { report: misconfigured } = await doctor();
    expect(troubles(misconfigured)).toContainEqual(
      expect.objectContaining({ check: 'Temporal', found: expect.stringContaining('nobody-made-this') }),
    );
    expect(troubles(misconfigured)).toContainEqual(
      expect.objectContaining({
        check: 'provider',
        found: expect.stringContaining('TRUEDY_BASE_URL: must be an https URL'),
      }),
    );
  });
});
