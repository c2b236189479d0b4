import { defineConfig, type TestProjectConfiguration } from 'vitest/config';

const SETUP = './test/support/setup';

/** A project starts only the services it names, once for the whole run however many projects name them. */
function project(
  name: string,
  order: number,
  options: { timeoutS: number; services?: string[]; oneAfterAnother?: boolean },
): TestProjectConfiguration {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      globalSetup: (options.services ?? []).map((service) => `${SETUP}/${service}.ts`),
      testTimeout: options.timeoutS * 1000,
      hookTimeout: 120_000,
      fileParallelism: !options.oneAfterAnother,
      sequence: { groupOrder: order },
    },
  };
}

export default defineConfig({
  test: {
    // Tests of running systems wait more than they compute, also where there are no more than two cores.
    maxWorkers: 2,
    projects: [
      project('unit', 1, { timeoutS: 30 }),
      project('replay', 2, { timeoutS: 60 }),
      // Skipping time moves the clock of everything on that server.
      project('workflow', 3, { timeoutS: 60, services: ['test-server', 'postgres'], oneAfterAnother: true }),
      project('integration', 4, { timeoutS: 60, services: ['program', 'temporal', 'postgres'] }),
      // Each runs whole systems and kills parts of them, of which most of the time is waiting for what died to be missed.
      project('e2e', 5, { timeoutS: 180, services: ['program', 'temporal', 'postgres'] }),
    ],
  },
});
