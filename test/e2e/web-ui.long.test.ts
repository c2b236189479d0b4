/** A campaign in Temporal's Web UI, in a real browser. RINGFENCE_PICTURES names a folder for pictures of what was seen. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { obtainChromium } from '../../scripts/chromium.ts';
import { type DevServer, startDevServer } from '../../scripts/dev-server.ts';
import { obtainTemporalCli } from '../../scripts/temporal-binaries.ts';
import { createTestDatabase } from '../support/harness/database.ts';
import { OBTAIN } from '../support/setup/shared.ts';
import { type Campaign, WorkflowHarness } from '../support/harness/workflow-harness.ts';
import { WebUi } from '../support/harness/web-ui.ts';

const executable = await obtainChromium(OBTAIN).catch((error: Error) => {
  OBTAIN.report?.(`The Web UI is not tested: ${error.message}`);
  return null;
});

/** Calls of these contacts are over at once; all others last. */
const SHORT_CALLS = 46;
const OUTCOMES = { 4: 'voicemail', 9: 'busy', 12: 'no_answer' } as const;
/** It is day in one of them at any time, so that no count starts again while the test runs. */
const ZONES = ['America/New_York', 'Europe/Berlin', 'Asia/Tokyo'];
const PATIENCE = { timeout: 60_000, interval: 250 };

describe.skipIf(executable === null)('the Web UI', () => {
  let directory: string;
  let server: DevServer;
  let connection: Connection;
  let native: NativeConnection;
  let harness: WorkflowHarness;
  let ui: WebUi;
  let campaign: Campaign;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ringfence-web-ui-'));
    const { path } = await obtainTemporalCli(OBTAIN);
    server = await startDevServer({ executable: path, port: 0, uiPort: 0, logFile: join(directory, 'temporal.log') });
    connection = await Connection.connect({ address: server.address });
    native = await NativeConnection.connect({ address: server.address });
    harness = await WorkflowHarness.open({
      client: new Client({ connection }),
      connection: native,
      database: await createTestDatabase(),
      taskQueue: 'ringfence',
      searchAttributes: true,
    });
    harness.provider.script = ({ seq }) =>
      seq > SHORT_CALLS
        ? { kind: 'accept' }
        : { kind: 'ends', outcome: OUTCOMES[(seq % 13) as keyof typeof OUTCOMES] ?? 'completed' };
    campaign = await harness.start(240, {
      name: 'Spring check-ups',
      agent_id: 'reception',
      max_concurrent_calls: 20,
      max_calls_per_day: 500,
      max_retry_attempts: 1,
      retry_delay_minutes: 45,
      timezone: ZONES.find(isDay),
    });
    ui = await WebUi.open({
      executable: executable!,
      url: server.uiUrl!,
      pictures: process.env.RINGFENCE_PICTURES ?? null,
    });
  });
  afterAll(async () => {
    await ui?.close();
    await harness?.close();
    await native?.close();
    await connection?.close();
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const shows = (...lines: readonly (string | RegExp)[]) =>
    vi.waitFor(async () => {
      const details = await ui.currentDetails();
      for (const line of lines) expect(details).toMatch(line);
    }, PATIENCE);

  it('shows on the page of a campaign what it does, why it waits, and its counts', async () => {
    await ui.openCampaign(campaign.handle.workflowId);
    await shows(
      'active: all slots are in use; the next call starts when one ends',
      /Contacts: 240 \(174 pending, 20 in progress, \d+ retrying, \d+ completed, 0 failed, 0 skipped\)/,
      'In flight: 20 of 20',
      /Placed on \d{4}-\d\d-\d\d: 66 of 500/,
      /Last call placed: \S+ \S+ UTC, contact \d+/,
      'every day',
    );
    expect(await ui.details()).toContain('reception');
    await ui.takePicture('campaign');
  });

  it('takes the signals pause and resume from its dialog, and shows what they did', async () => {
    await ui.sendSignal('pause', () => ui.takePicture('signal'));
    await shows(
      'paused: places no calls until it is resumed; live calls continue',
      'In flight: 20 of 20',
      /Paused: \S+ \S+ UTC, by a signal/,
    );
    const [ended] = harness.provider.live();
    await campaign.end([ended!]);
    await shows('In flight: 19 of 20', /Placed on \S+: 66 of 500/);
    await ui.sendSignal('resume');
    await shows('active: all slots are in use', 'In flight: 20 of 20', /Placed on \S+: 67 of 500/);
  });

  it('has a timeline that reads like sentences', async () => {
    await ui.openTimeline();
    for (const sentence of ['Call contact 67', 'resume', 'Settle one call', 'pause', 'Call contact 66']) {
      await ui.page.getByText(sentence).filter({ visible: true }).first().waitFor();
    }
    await ui.takePicture('timeline');
  });

  it('lists campaigns by what they are searched for', async () => {
    await harness.start(80, { name: 'Winter recalls', agent_id: 'recalls', max_concurrent_calls: 5 });
    await harness.start(60, { name: 'Spring vouchers', agent_id: 'sales', max_concurrent_calls: 10 });
    const spring = 'CampaignStatus="active" AND CampaignName STARTS_WITH "Spring"';
    // The list is read once, and what has started is found a moment later.
    const { workflow } = harness.client;
    await vi.waitFor(async () => expect((await workflow.count(spring)).count).toBe(2), PATIENCE);
    await vi.waitFor(async () => expect((await workflow.count('CampaignStatus="active"')).count).toBe(3), PATIENCE);
    await ui.openList(spring);
    for (const name of ['Spring check-ups', 'Spring vouchers']) await ui.page.getByText(name).first().waitFor();
    expect(await ui.page.getByText('Winter recalls').count()).toBe(0);
    await ui.openList('CampaignStatus="active"');
    await ui.page.getByText('Winter recalls').first().waitFor();
    await ui.takePicture('campaigns');
  });
});

function isDay(timeZone: string): boolean {
  const hour = Number(new Intl.DateTimeFormat('en', { timeZone, hour: 'numeric', hourCycle: 'h23' }).format());
  return hour >= 6 && hour < 20;
}
