/** `ringfence connections call` against the simulated provider. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { run } from '../../cli/run.ts';
import { findConnections } from '../../cli/doctor/provider.ts';
import { beginStop, endStop, type StopScope } from '../../db/stops.ts';
import { createSimulator, type Simulator } from '../../simulator/simulator.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';

const folder = mkdtempSync(join(tmpdir(), 'cli-connections-'));
const file = join(folder, 'connections.yaml');
const KEY = 'key-of-the-simulator';
let simulator: Simulator;
let database: TestDatabase;
let out = '';
let err = '';

beforeAll(async () => {
  database = await createTestDatabase();
  simulator = createSimulator({ apiKey: KEY, timeScale: 1_000, webhook: null });
  writeFileSync(
    file,
    `connections:
  main:
    provider: truedy
    base_url: ${await simulator.listen()}
    api_key: env:KEY
    webhook_secrets: env:SECRET
    countries: [US]
    number_types: [mobile, fixed_line]
    accounts: [shop, clinic]
`,
  );
});
afterAll(async () => {
  await simulator.close();
  await database.drop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  out = '';
  err = '';
  vi.spyOn(console, 'log').mockImplementation((text: string) => void (out += `${text}\n`));
  vi.spyOn(console, 'error').mockImplementation((text: string) => void (err += `${text}\n`));
});
afterEach(() => void vi.restoreAllMocks());

const call = (...flags: readonly string[]) =>
  run(['connections', 'call', 'main', '--to', '+14155550123', '--agent', 'agent_1', ...flags], {
    RINGFENCE_CONNECTIONS: file,
    DATABASE_URL: database.url,
    KEY,
    SECRET: 'whsec_unused',
  });

/** Does something while these stops are in force. */
async function whileStopped(scopes: readonly StopScope[], work: () => Promise<void>): Promise<void> {
  for (const scope of scopes) await beginStop(database.pool, { scope, stopped_by: 'a test', reason: null });
  try {
    await work();
  } finally {
    for (const scope of scopes) await endStop(database.pool, scope);
  }
}

it('places nothing before somebody has confirmed it', async () => {
  expect(await call()).toBe(2);
  expect(simulator.ledger().calls).toEqual([]);
});

it('places one call and says how it ended', async () => {
  expect(await call('--yes', '--json')).toBe(0);
  const [placed, ...others] = simulator.ledger().calls;
  expect(others).toEqual([]);
  expect(JSON.parse(out)).toEqual({
    connection: 'main',
    call_id: placed?.key,
    result: 'accepted',
    reason: null,
    provider_call_id: expect.any(String),
    outcome: expect.stringMatching(/^(?:completed|no_answer|busy|voicemail|declined|failed)$/),
  });
});

it.each<[readonly StopScope[], string]>([
  [['all'], '--all'],
  [['connection:main'], '--connection main'],
  [['account:shop', 'account:clinic'], '--account shop'],
])('places none while %j is stopped, and names the way out', async (scopes, option) => {
  const before = simulator.ledger().calls.length;
  await whileStopped(scopes, async () => {
    expect(await call('--yes')).toBe(4);
    expect(err).toContain(`ringfence start ${option}`);
    expect(simulator.ledger().calls).toHaveLength(before);
  });
});

it('places one while stops cover only another connection and one of its accounts', async () => {
  await whileStopped(['connection:other', 'account:shop'], async () => expect(await call('--yes')).toBe(0));
});

it('places one despite a stop if it is told to', async () => {
  await whileStopped(['all'], async () => expect(await call('--yes', '--despite-stop')).toBe(0));
});

it('says that the carrier refused it', async () => {
  simulator.setFaults({ rules: [{ fault: { kind: 'account', status: 401 } }] });
  expect(await call('--yes', '--json')).toBe(2);
  expect(JSON.parse(out)).toMatchObject({ result: 'blocked', provider_call_id: null, outcome: null });
});

it.each([
  [{ kind: 'refuse' }, 2, 'rejected'],
  [{ kind: 'throttle' }, 5, 'throttled'],
  [{ kind: 'drop_reply' }, 6, 'unknown'],
] as const)('tells by its exit code what became of the call: %j', async (fault, code, result) => {
  simulator.setFaults({ rules: [{ fault }] });
  expect(await call('--yes', '--json')).toBe(code);
  expect(JSON.parse(out)).toMatchObject({ result, provider_call_id: null });
});

it('doctor asks each carrier whether it answers, and takes the key', async () => {
  const twilio = createSimulator({ carrier: 'twilio', apiKey: KEY });
  const retell = createSimulator({ carrier: 'retell', apiKey: KEY });
  const allowed = 'countries: [US], number_types: [mobile]';
  const all = join(folder, 'all.yaml');
  writeFileSync(
    all,
    `connections:
  twilio: {provider: twilio, base_url: "${await twilio.listen()}", account_sid: AC${'0'.repeat(32)}, auth_token: env:KEY, twiml: <Response/>, ${allowed}}
  retell: {provider: retell, base_url: "${await retell.listen()}", api_key: env:KEY, ${allowed}}
`,
  );
  const found = async (key: string) =>
    (await Promise.all(findConnections({ RINGFENCE_CONNECTIONS: all, KEY: key }).checked)).map((each) => each.found);
  expect(await found(KEY)).toEqual(['twilio answers', 'retell answers']);
  expect(await found('another-key')).toEqual(['twilio refuses the key', 'retell refuses the key']);
  await Promise.all([twilio.close(), retell.close()]);
});
