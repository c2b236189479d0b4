import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { ProcessHarness } from '../support/harness/process-harness.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let system: ProcessHarness | null = null;
afterEach(() => system?.close());

test('the example of a backend runs a campaign to its end', async () => {
  system = await ProcessHarness.start({ timeScale: 50 });
  const backend = spawn(process.execPath, ['--import', 'tsx', 'examples/start-from-backend.ts'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: system.env.TEMPORAL_ADDRESS,
      TEMPORAL_NAMESPACE: system.env.TEMPORAL_NAMESPACE,
      RINGFENCE_API_URL: system.api.baseUrl,
      RINGFENCE_API_KEY: system.api.apiKey,
    },
  });
  const [said, complained, [exitCode]] = await Promise.all([
    text(backend.stdout),
    text(backend.stderr),
    once(backend, 'close') as Promise<[number]>,
  ]);
  expect(complained).toBe('');
  expect(exitCode).toBe(0);
  expect(said).toContain('Paused. Nothing is being placed');
  expect(said).toContain('The campaign is completed:');

  const id = /^Campaign (?<id>\S+) has started\. Contacts: 4\.$/m.exec(said)!.groups!.id!;
  const { verdict } = await system.untilOver(id);
  expect(verdict).toMatchObject({ contacts: 4, duplicate_keys: 0, agree: true });
  expect(verdict.peak_in_flight).toBeLessThanOrEqual(2);
});
