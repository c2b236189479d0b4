import type { TestProject } from 'vitest/node';
import { obtainTestServer } from '../../../scripts/temporal-binaries.ts';
import { OBTAIN } from './shared.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The executable of the server that skips time. */
    testServerPath: string;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  project.provide('testServerPath', (await obtainTestServer(OBTAIN)).path);
}
