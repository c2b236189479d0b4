import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../../db/migrate.ts';
import { startPostgres } from '../../../scripts/postgres.ts';
import { runSql, withDatabase } from '../../../scripts/postgres/sql.ts';
import { inScratchDirectory, share, type Stoppable } from './shared.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgres: {
      /** Connection string of a database from which others can be created. */
      readonly url: string;
      /** A migrated database without data; a copy of it is much faster than a migration. */
      readonly template: string;
    };
  }
}

interface Service extends Stoppable {
  readonly url: string;
  readonly template: string;
}

/** Gives the tests a PostgreSQL: the one of DATABASE_URL, or a temporary one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { service, release } = await share('postgres', async () => {
    const server = await givenOrOwn(process.env.DATABASE_URL);
    try {
      return await withTemplate(server);
    } catch (error) {
      await server.stop();
      throw error;
    }
  });
  project.provide('postgres', { url: service.url, template: service.template });
  return release;
}

async function givenOrOwn(databaseUrl: string | undefined): Promise<Stoppable & { url: string }> {
  if (databaseUrl) return { url: databaseUrl, stop: async () => {} };
  const server = await inScratchDirectory((directory) =>
    startPostgres({
      dataDir: join(directory, 'postgres'),
      port: 0,
      logFile: join(directory, 'postgres.log'),
      durable: false,
    }),
  );
  return { url: server.url('postgres'), stop: () => server.stop() };
}

async function withTemplate(server: Stoppable & { url: string }): Promise<Service> {
  // Runs may share a server, and one that was killed leaves its template behind.
  const template = `ringfence_template_${process.pid}`;
  const drop = `drop database if exists ${template} with (force)`;
  await runSql(server.url, drop);
  await runSql(server.url, `create database ${template}`);
  await migrate(withDatabase(server.url, template));
  return {
    url: server.url,
    template,
    async stop() {
      await runSql(server.url, drop);
      await server.stop();
    },
  };
}
