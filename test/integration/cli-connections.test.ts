/** `ringfence connections call` against the simulated provider. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { run } from '../../cli/run.ts';
import { findConnections } from '../../cli/doctor/provider.ts';
import { createSimulator, type Simulator } from '../../simulator/simulator.ts';

const folder = mkdtempSync(join(tmpdir(), 'cli-connections-'));
const file = join(folder, 'connections.yaml');
const KEY = 'key-of-the-simulator';
let simulator: Simulator;
let out = '';

beforeAll(async () => {
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
`,
  );
});
afterAll(async () => {
  await simulator.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  out = '';
  vi.spyOn(console, 'log').mockImplementation((text: string) => void (out += `${text}\n`));
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => void vi.restoreAllMocks());

const call = (...flags: readonly string[]) =>
  run(['connections', 'call', 'main', '--to', '+14155550123', '--agent', 'agent_1', ...flags], {
    RINGFENCE_CONNECTIONS: file,
    KEY,
    SECRET: 'whsec_unused',
  });

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

it('says that the carrier refused it', async () => {
  simulator.setFaults({ rules: [{ fault: { kind: 'account', status: 401 } }] });
  expect(await call('--yes', '--json')).toBe(2);
  expect(JSON.parse(out)).toMatchObject({ result: 'blocked', provider_call_id: null, outcome: null });
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
