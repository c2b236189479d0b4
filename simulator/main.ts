import { parseArgs } from 'node:util';
import { z } from 'zod';
import { CARRIERS, FaultPlan } from './faults.ts';
import { createSimulator } from './simulator.ts';

/**
 * Runs the simulator as a process. Every setting is a flag or, with lower priority, an environment variable
 * (`--time-scale` is `SIMULATOR_TIME_SCALE`). One line of JSON on standard output tells when it is ready.
 */

const FLAGS = {
  host: { type: 'string' },
  port: { type: 'string' },
  carrier: { type: 'string' },
  account: { type: 'string' },
  seed: { type: 'string' },
  'time-scale': { type: 'string' },
  'api-key': { type: 'string' },
  'webhook-url': { type: 'string' },
  'webhook-secret': { type: 'string' },
  'key-ttl-ms': { type: 'string' },
  faults: { type: 'string' },
  'no-request-list': { type: 'boolean' },
} as const;

const { values } = parseArgs({ options: FLAGS });

function setting(flag: Exclude<keyof typeof FLAGS, 'no-request-list'>): string | undefined {
  return values[flag] ?? process.env[`SIMULATOR_${flag.toUpperCase().replaceAll('-', '_')}`];
}

const port = z.coerce.number().int().min(0).max(65_535).default(0).parse(setting('port'));
const numberOf = (flag: 'time-scale' | 'key-ttl-ms') => z.coerce.number().optional().parse(setting(flag));
const url = setting('webhook-url');

const simulator = createSimulator({
  carrier: z.enum(CARRIERS).optional().parse(setting('carrier')),
  account: setting('account'),
  apiKey: setting('api-key'),
  seed: setting('seed'),
  timeScale: numberOf('time-scale'),
  keyTtlMs: numberOf('key-ttl-ms'),
  webhook: url === undefined ? null : { url, secret: setting('webhook-secret') ?? '' },
  keepRequests: values['no-request-list'] !== true,
  faults: FaultPlan.parse(JSON.parse(setting('faults') ?? '{}')),
});

const baseUrl = await simulator.listen({ port, host: setting('host') ?? '127.0.0.1' });
process.stdout.write(`${JSON.stringify({ ready: true, base_url: baseUrl, control_url: new URL(baseUrl).origin })}\n`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void simulator.close());
}
