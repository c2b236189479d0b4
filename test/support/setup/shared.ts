import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ObtainOptions } from '../../../scripts/temporal-binaries.ts';

interface Shared<T> {
  readonly service: Promise<T>;
  users: number;
}

export interface Stoppable {
  stop(): Promise<void>;
}

/** Vitest loads a setup file for each project; this is one place for all of them. */
const KEY = Symbol.for('ringfence.test.services');
const services: Map<string, Shared<Stoppable>> = ((globalThis as Record<symbol, unknown>)[KEY] ??= new Map()) as Map<
  string,
  Shared<Stoppable>
>;

/** Starts a service for the first project that asks and stops it after the last one is done. */
export async function share<T extends Stoppable>(
  name: string,
  start: () => Promise<T>,
): Promise<{ service: T; release: () => Promise<void> }> {
  const shared = (services.get(name) ?? { service: start(), users: 0 }) as Shared<T>;
  services.set(name, shared);
  shared.users += 1;
  const service = await shared.service;
  return {
    service,
    async release() {
      shared.users -= 1;
      if (shared.users > 0) return;
      services.delete(name);
      await service.stop();
    },
  };
}

/** A directory for one run, gone when the service that uses it is stopped. */
export async function inScratchDirectory<T extends Stoppable>(start: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'ringfence-test-'));
  // PostgreSQL runs as another user when we are root.
  await chmod(directory, 0o755);
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const service = await start(directory);
    return {
      ...service,
      async stop() {
        try {
          await service.stop();
        } finally {
          await remove();
        }
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** How tests obtain executables: as `npm test` does before they run, so that nothing is fetched by then. */
export const OBTAIN: ObtainOptions = {
  env: process.env,
  home: fileURLToPath(new URL('../../../.ringfence', import.meta.url)),
  report: (line) => process.stderr.write(`${line}\n`),
};
