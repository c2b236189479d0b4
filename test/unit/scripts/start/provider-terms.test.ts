import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectionsFromEnv } from '../../../../providers/connections/connections.ts';
import { demoMargins } from '../../../../scripts/start/margins.ts';
import { simulatedProvider } from '../../../../scripts/start/provider-terms.ts';
import { CARRIERS, type CarrierName } from '../../../../simulator/faults.ts';

const AT = { baseUrl: 'http://127.0.0.1:8090', gatewayUrl: 'http://127.0.0.1:8080' };
const SECRET = 'drawn-for-this-start';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'ringfence-terms-'));
});
afterEach(() => rm(home, { recursive: true }));

const provider = (name: CarrierName) =>
  simulatedProvider(name, { home, margins: demoMargins(30), newSecret: () => SECRET });

describe.each(CARRIERS)('the connection to a simulated %s', (name) => {
  test('is the only one, also where the environment of the caller names others', async () => {
    const callers = { RINGFENCE_CONNECTIONS: '/real/carriers.yaml', TRUEDY_BASE_URL: 'https://real.example' };
    const connections = connectionsFromEnv({ ...callers, ...(await provider(name).connect(AT)) });
    expect(connections).toMatchObject([{ name, provider: name, missingSecrets: [] }]);
    const opened = connections[0]!.open();
    expect(opened.facts).toMatchObject({ queueBoundMs: 2_000, requestTimeoutMs: 5_000 });
    // Nobody waits for a talk of half an hour, or of two.
    expect(opened.facts.callLifetimeMs).toBeLessThanOrEqual(275_000);
    await opened.close();
  });
});

describe.each(['twilio', 'retell'] as const)('the connections file of a simulated %s', (name) => {
  test('leads to this machine, with its secret in a file of its owner', async () => {
    const { RINGFENCE_CONNECTIONS: file } = await provider(name).connect(AT);
    expect(await readFile(file!, 'utf8')).not.toContain(SECRET);
    expect((await stat(join(home, 'connections.secret'))).mode & 0o077).toBe(0);
    const [connection] = connectionsFromEnv({ RINGFENCE_CONNECTIONS: file });
    expect(connection).toMatchObject({
      webhookUrl: `${AT.gatewayUrl}/webhooks/${name}`,
      countries: ['US', 'GB', 'AU'],
      callerNumbers: ['+14155550100'],
    });
  });
});

test.each<[CarrierName, unknown]>([
  ['truedy', { url: `${AT.gatewayUrl}/webhooks/truedy`, secret: `whsec_${SECRET}` }],
  ['retell', { url: `${AT.gatewayUrl}/webhooks/retell`, secret: SECRET }],
  ['twilio', undefined],
])('the account at %s is told where its webhooks go, unless each call says that', (name, target) => {
  expect(provider(name).webhookTo(AT.gatewayUrl)).toEqual(target);
});
