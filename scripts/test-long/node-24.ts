import { join } from 'node:path';
import { trouble } from '../test/summary.ts';
import { fetchServers, runVitest } from '../test/vitest.ts';
import { bringNode, VERSIONS } from './brought.ts';
import type { Step } from './steps.ts';

/**
 * What runs on Node.js 24 as well: all that is quick, and of the rest what stands closest to Node.js. Vitest takes the files
 * whose paths contain one of these.
 */
export const ON_NODE_24 = [
  'test/unit/',
  'test/replay/',
  'test/workflow/',
  // Whole campaigns by Temporal's native code.
  'test/integration/campaign.test.ts',
  'test/integration/campaign-commands.test.ts',
  'test/integration/continue-as-new.long.test.ts',
  'test/integration/own-provider.test.ts',
  'test/integration/ringfence-worker.test.ts',
  'test/integration/client.test.ts',
  // HTTP in both directions, its limits, and files that are read while they come.
  'test/integration/contacts-import.test.ts',
  'test/integration/gateway-attack.test.ts',
  'test/integration/gateway-bounds.test.ts',
  'test/integration/gateway-early-responses.test.ts',
  'test/integration/gateway-edge.test.ts',
  'test/integration/gateway-slow-clients.test.ts',
  'test/integration/gateway-webhooks.test.ts',
  'test/integration/http-upload.test.ts',
  'test/integration/truedy.test.ts',
  'test/integration/truedy-client.test.ts',
  'test/integration/truedy-faults.test.ts',
  // TLS, connections that break, and PostgreSQL's driver.
  'test/integration/connection.test.ts',
  'test/integration/dumb-database.test.ts',
  'test/integration/pool.test.ts',
  'test/integration/record-races.test.ts',
  // Processes, their signals and their output.
  'test/integration/cli-',
  'test/integration/compose.long.test.ts',
  'test/integration/gateway-process.test.ts',
  'test/e2e/kill-worker.test.ts',
  'test/e2e/package.long.test.ts',
  'test/e2e/start.test.ts',
  'test/e2e/examples.long.test.ts',
] as const;

/** The slice takes about a third of this on two cores. */
const LIMIT_MS = 35 * 60_000;

/** @param root the directory of the clone */
export function node24Step(root: string): Step {
  return {
    key: 'node-24',
    title: `Tests on Node.js ${VERSIONS.node24}`,
    async run() {
      await fetchServers();
      // Other cases of every property than in `npm test`; one that fails is printed with this seed.
      const seed = String(Date.now() % 2 ** 31);
      const { node, env } = await bringNode(VERSIONS.node24, join(root, '.ringfence'));
      const { exitCode, summary } = await runVitest(node, ON_NODE_24, {
        env: { ...env, RINGFENCE_TEST_SEED: seed },
        limitMs: LIMIT_MS,
      });
      return { summary, reason: trouble(summary, { checks: 0, vitest: exitCode }) };
    },
  };
}
