import { defineConfig, type TestProjectConfiguration } from 'vitest/config';

const SETUP = './test/support/setup';
/** What cannot be short, of whatever kind: `npm run test:long`. */
const LONG = 'test/**/*.long.test.ts';

/** Groups run one after another, the files of a group side by side. */
const GROUPS = {
  /** They compute: as many at once as the smallest machine has cores. */
  computing: { groupOrder: 1, maxWorkers: 2 },
  /** They wait for servers, processes and clocks, and compute little meanwhile. */
  waiting: { groupOrder: 2, maxWorkers: 4 },
  /** Whole systems, some of them two at a time. */
  long: { groupOrder: 3, maxWorkers: 2 },
} as const;

interface Project {
  readonly group: keyof typeof GROUPS;
  /** For a test that hangs. A machine that does other things may need twenty times the usual time of a test. */
  readonly timeoutS: number;
  /** Started once for the whole run, however many projects name them. */
  readonly services?: readonly string[];
  readonly include?: string;
}

function project(name: string, { group, timeoutS, services = [], include }: Project): TestProjectConfiguration {
  const { groupOrder, maxWorkers } = GROUPS[group];
  return {
    test: {
      name,
      include: [include ?? `test/${name}/**/*.test.ts`],
      exclude: include === undefined ? [LONG] : [],
      setupFiles: [`${SETUP}/fast-check.ts`, `${SETUP}/patience.ts`],
      expect: { poll: { timeout: 60_000 } },
      globalSetup: services.map((service) => `${SETUP}/${service}.ts`),
      testTimeout: timeoutS * 1000,
      hookTimeout: 120_000,
      // The files that a worker runs share what they import. Loading it takes seconds, and no test changes it.
      isolate: false,
      maxWorkers,
      sequence: { groupOrder },
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      project('unit', { group: 'computing', timeoutS: 120 }),
      project('replay', { group: 'computing', timeoutS: 120 }),
      project('workflow', { group: 'computing', timeoutS: 120, services: ['test-server', 'postgres'] }),
      project('integration', { group: 'waiting', timeoutS: 120, services: ['program', 'temporal', 'postgres'] }),
      project('e2e', { group: 'waiting', timeoutS: 180, services: ['program', 'temporal', 'postgres'] }),
      project('long', {
        group: 'long',
        timeoutS: 300,
        services: ['program', 'built', 'temporal', 'postgres'],
        include: LONG,
      }),
    ],
  },
});
