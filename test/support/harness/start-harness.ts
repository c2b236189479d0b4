/** Starts by `npm start` that share one directory, as a user's do, and are gone after the test. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { NpmStart } from './npm-start.ts';

export class StartHarness {
  readonly #started: NpmStart[] = [];

  private constructor(
    readonly home: string,
    private readonly database: TestDatabase | null,
  ) {}

  static async open(): Promise<StartHarness> {
    const home = await mkdtemp(join(tmpdir(), 'ringfence-home-'));
    // Where the run was given a PostgreSQL there may be none to start; the start then gets a database on that one.
    return new StartHarness(home, process.env.DATABASE_URL ? await createTestDatabase() : null);
  }

  npmStart(...args: string[]): NpmStart {
    const start = new NpmStart(['--home', this.home, '--time-scale', '60', ...args], this.database?.url);
    this.#started.push(start);
    return start;
  }

  async expectNothingLeft(start: NpmStart): Promise<void> {
    // The guards of the children end on their own once they have seen the end.
    await vi.waitFor(() => expect(start.processes()).toEqual([]));
    const left = await readdir(join(this.home, 'postgres')).catch(() => []);
    expect(left).not.toContain('postmaster.pid');
    expect(await readdir(this.home)).not.toContain('running.pid');
  }

  /** Ours ends with 0. Some shells, between npm and us, let npm know of the signal all the same. */
  async expectStopped(start: NpmStart): Promise<void> {
    expect([0, 'SIGINT'], start.output).toContain(await start.ended());
    await this.expectNothingLeft(start);
  }

  async close(): Promise<void> {
    await Promise.all(this.#started.map((start) => start.cleanUp()));
    await this.database?.drop();
    await rm(this.home, { recursive: true, force: true });
  }
}
