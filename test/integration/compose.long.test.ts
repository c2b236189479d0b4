import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { freePort } from '../../scripts/free-port.ts';
import { mainOf, ownServices, type ComposeService } from '../support/probes/compose.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const STARTS_WITHIN_MS = 45_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const staying = ownServices.filter(([, service]) => service.healthcheck);

describe('services of docker-compose.yml, compiled and started here with their own environment', () => {
  it.each(staying)('%s becomes healthy and ends in order when it is told to', async (_, service) => {
    const port = await freePort();
    const running = start(service, port);
    try {
      const healthy = vi.waitFor(() => checkHealth(service, port), { timeout: STARTS_WITHIN_MS, interval: 250 });
      const early = running.ended.then((how) => Promise.reject(new Error(`ended too early with ${how}`)));
      await Promise.race([healthy, early]).catch((error: unknown) => {
        throw new Error(running.output(), { cause: error });
      });
      running.terminate();
      expect(await running.ended, running.output()).toBe('code 0');
      await expect(checkHealth(service, port)).rejects.toThrow('Command failed');
    } finally {
      running.kill();
    }
  });
});

function start(service: ComposeService, port: number) {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [mainOf(service)], {
    cwd: root,
    env: { PATH, HOME, ...atThisMachine(service.environment ?? {}, port) },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A separate group, so that nothing of it can stay behind when the test fails.
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return {
    ended: once(child, 'close').then(([code, signal]) => (signal ? `signal ${signal}` : `code ${code}`)),
    output: () => output,
    terminate: () => void child.kill('SIGTERM'),
    kill() {
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    },
  };
}

/** The environment with the addresses of the test's own services in place of those of the other containers. */
function atThisMachine(environment: Readonly<Record<string, string>>, port: number): Record<string, string> {
  const here: Record<string, string> = {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: 'default',
    RINGFENCE_HOST: '127.0.0.1',
    RINGFENCE_PORT: String(port),
    RINGFENCE_HEALTH_PORT: String(port),
    SIMULATOR_HOST: '127.0.0.1',
    SIMULATOR_PORT: String(port),
  };
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, here[name] ?? value]));
}

/** Runs the service's own health check. */
async function checkHealth(service: ComposeService, port: number): Promise<void> {
  const [cmd, program, ...args] = service.healthcheck?.test ?? [];
  expect([cmd, program]).toEqual(['CMD', 'node']);
  const atPort = args.map((arg) => arg.replaceAll(/127\.0\.0\.1:\d+/g, `127.0.0.1:${port}`));
  await promisify(execFile)(process.execPath, atPort);
}
