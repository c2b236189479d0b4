/** Every command in the README and the guide, run against a system as it stands there; the code is run by package.long.test.ts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { blocks } from '../support/probes/markdown.ts';
import { ProcessHarness } from '../support/harness/process-harness.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (page: string) => readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');

/** A command that fails ends the script, and an answer that refuses counts as a failure. */
const STRICT = 'set -euo pipefail\ncurl() { command curl --fail-with-body "$@"; }\n';

interface Ran {
  readonly exitCode: number;
  readonly said: string;
  readonly complained: string;
}

describe('commands', () => {
  let system: ProcessHarness;
  beforeEach(async () => {
    // Slow enough that a campaign of the example's contacts does not end before it is cancelled.
    system = await ProcessHarness.start({ timeScale: 10 });
  });
  afterEach(() => system.close());

  async function run(command: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran> {
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env, TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_NAMESPACE: 'default' },
    });
    const [said, complained, [exitCode]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number]>,
    ]);
    return { exitCode, said, complained };
  }

  /** The page's commands, one after another in one shell, with the addresses and the key of this system. */
  function runCommands(page: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    const script = blocks(read(page), 'sh')
      .join('\n')
      .replaceAll('http://127.0.0.1:8080/api/public/v1', system.api.baseUrl)
      .replaceAll('http://127.0.0.1:8090', new URL(system.simulator.baseUrl).origin)
      .replaceAll('$(cat .ringfence/api-key)', system.api.apiKey);
    return run('bash', ['-c', STRICT + script], env);
  }

  test('of the README', async () => {
    const id = await system.createCampaign(40, { max_concurrent_calls: 1 });
    const commands = await runCommands('README.md', { ID: id });
    expect(commands, commands.complained).toMatchObject({ exitCode: 0 });
    expect(commands.said).toContain('Nothing is being placed.');
    expect(commands.said).toMatch(/Resumed at \S+; the campaign is active\./);
    expect((await system.ringfence.campaigns.get(id)).status).toBe('active');
  });

  test('of the guide, twice in a row: a campaign created, paused, edited, resumed and cancelled', async () => {
    for (const round of ['first', 'second']) {
      const guide = await runCommands('docs/guide.md');
      expect(guide, `${round}: ${guide.complained}`).toMatchObject({ exitCode: 0 });
      await expectCancelled(guide);
    }
  });

  async function expectCancelled(guide: Ran): Promise<void> {
    const id = /^id +(\S+)$/m.exec(guide.said)![1]!;
    const { campaign, verdict } = await system.untilOver(id);
    expect(campaign).toMatchObject({
      name: 'First campaign',
      status: 'cancelled',
      max_concurrent_calls: 10,
      timezone: 'America/New_York',
    });
    expect(campaign.skipped).toBeGreaterThan(0);
    expect(verdict.agree).toBe(true);
  }
});
