/** What Ringfence stands on: servers that the environment names, or our own. */
import { join } from 'node:path';
import { loadClientConfigProfile } from '@temporalio/envconfig';
import { connectTemporal } from '../../client/temporal/connection.ts';
import { type Child } from '../child.ts';
import { startDevServer } from '../dev-server.ts';
import { startPostgres } from '../postgres.ts';
import { runSql } from '../postgres/sql.ts';
import { obtainTemporalCli } from '../temporal-binaries.ts';
import { type Ports, portOf } from './ports.ts';
import type { Environment } from './processes.ts';

export interface Service {
  /** Null when the server is not ours to stop. */
  readonly child: Child | null;
  /** How our processes reach it; empty when they find it as we did. */
  readonly env: Environment;
  /** One line for the reader: where it is. */
  readonly told: string;
}

export interface TemporalService extends Service {
  readonly namespace: string;
  readonly webUi: string | null;
}

interface ServiceOptions {
  readonly home: string;
  readonly logFile: string;
  readonly ports: Ports;
  readonly say: (line: string) => void;
}

const DATABASE = 'ringfence';

/**
 * The Temporal server of the environment's configuration, or a development server whose workflows outlive it.
 * @param binaries where executables are kept for every home on this machine.
 */
export async function temporalService(
  options: ServiceOptions & { readonly binaries: string; readonly webUi: string | null },
): Promise<TemporalService> {
  const { address, namespace = 'default' } = loadClientConfigProfile();
  if (address !== undefined) {
    const client = await connectTemporal();
    await client.connection.close();
    return { child: null, env: {}, namespace, webUi: options.webUi, told: `${address}, namespace ${namespace}` };
  }
  const { home, logFile, ports, say } = options;
  const { path, source } = await obtainTemporalCli({ env: process.env, home: options.binaries, report: say });
  const server = await startDevServer({
    executable: path,
    port: ports.temporal,
    uiPort: ports.webUi,
    dbFilename: join(home, 'temporal.db'),
    logFile,
  });
  return {
    child: server,
    env: { TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: 'default' },
    namespace: 'default',
    webUi: server.uiUrl?.replace('127.0.0.1', 'localhost') ?? null,
    told: `${server.address} (development server, ${source})${elsewhere(server.address, ports.temporal)}`,
  };
}

/** The given database, or one on a server that is started here. */
export async function databaseService({
  home,
  logFile,
  ports,
  given,
}: ServiceOptions & { readonly given: string | undefined }): Promise<Service> {
  if (given) {
    await runSql(given, 'select 1').catch((error: unknown) => {
      throw new Error(
        `PostgreSQL does not answer at DATABASE_URL (${(error as Error).message}). Correct it, or unset it to start a server here.`,
        { cause: error },
      );
    });
    return { child: null, env: { DATABASE_URL: given }, told: 'the database of DATABASE_URL' };
  }
  const server = await startPostgres({ dataDir: join(home, 'postgres'), port: ports.postgres, logFile });
  await server.createDatabase(DATABASE);
  const url = server.url(DATABASE);
  return { child: server, env: { DATABASE_URL: url }, told: `${url}${elsewhere(url, ports.postgres)}` };
}

/** A note for the reader where a port was taken. */
export function elsewhere(address: string, wanted: number): string {
  return portOf(address) === wanted ? '' : `; port ${wanted} is taken`;
}
