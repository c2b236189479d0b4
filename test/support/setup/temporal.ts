import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startDevServer } from '../../../scripts/dev-server.ts';
import { obtainTemporalCli } from '../../../scripts/temporal-binaries.ts';
import { inScratchDirectory, OBTAIN, share } from './shared.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** `host:port` of a Temporal server with the namespace `default`. */
    temporalAddress: string;
  }
}

/** Gives the tests a Temporal server: the one of TEMPORAL_ADDRESS, or a development server. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env.TEMPORAL_ADDRESS;
  if (given) {
    project.provide('temporalAddress', given);
    return undefined;
  }
  const { service, release } = await share('temporal', async () => {
    const { path } = await obtainTemporalCli(OBTAIN);
    return inScratchDirectory((directory) =>
      startDevServer({ executable: path, port: 0, logFile: join(directory, 'temporal.log') }),
    );
  });
  project.provide('temporalAddress', service.address);
  return release;
}
