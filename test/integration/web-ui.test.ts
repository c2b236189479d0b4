import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { campaignEdit, readChange } from '../../domain/api/campaign-change.ts';
import { cancelUpdate, editUpdate, pauseAndWait, resumeUpdate } from '../../workflows/messages.ts';
import { activitySummaries, timerSummaries } from '../support/probes/history.ts';
import { personalDataIn } from '../support/probes/personal-data.ts';
import { realTimeHarness, type RealTimeHarness } from '../support/harness/real-time.ts';
import { type Campaign, type WorkflowHarness } from '../support/harness/workflow-harness.ts';
import { fictitiousPerson } from '../support/factories/people.ts';
import { PEOPLE } from '../support/factories/states.ts';

let real: RealTimeHarness;
let harness: WorkflowHarness;
beforeEach(async () => {
  real = await realTimeHarness();
  ({ harness } = real);
});
afterEach(() => real.close());

/** What the Web UI shows of a running workflow beside its history. */
async function currentDetails(campaign: Campaign): Promise<string> {
  const metadata = await campaign.handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}

async function shows(campaign: Campaign, lines: readonly (string | RegExp)[]): Promise<void> {
  await vi.waitFor(async () => {
    const details = await currentDetails(campaign);
    for (const line of lines) expect(details).toMatch(line);
  });
}

const attribute = async (campaign: Campaign, name: string) =>
  (await campaign.handle.describe()).typedSearchAttributes.getAll().find(({ key }) => key.name === name)?.value;

async function finish(campaign: Campaign): Promise<void> {
  await vi.waitFor(async () => {
    if (harness.provider.live().length > 0) await campaign.end(harness.provider.live());
    expect((await campaign.handle.describe()).status.name).not.toBe('RUNNING');
  });
}

describe('the Web UI', () => {
  it('shows why a campaign waits, until when, its buckets and today’s count', async () => {
    const campaign = await harness.start(PEOPLE, { max_concurrent_calls: 2, max_calls_per_day: 3 });
    await shows(campaign, [
      '**active**: all slots are in use; the next call starts when one ends',
      'Contacts: 4 (2 pending, 2 in progress, 0 retrying, 0 completed, 0 failed, 0 skipped)',
      'In flight: 2 of 2',
      /Placed on \d{4}-\d\d-\d\d: 2 of 3/,
    ]);

    await vi.waitFor(() => expect(harness.provider.live()).toHaveLength(2));
    await campaign.end(harness.provider.live());
    await vi.waitFor(() => expect(harness.provider.live()).toHaveLength(1));
    await campaign.end(harness.provider.live());
    await shows(campaign, [
      /the daily cap is reached; waits until \d{4}-\d\d-\d\d \d\d:00:00 UTC/,
      'Contacts: 4 (1 pending, 0 in progress, 0 retrying, 3 completed, 0 failed, 0 skipped)',
      'In flight: 0 of 2',
      /Placed on \d{4}-\d\d-\d\d: 3 of 3/,
    ]);

    await campaign.handle.executeUpdate(pauseAndWait);
    await shows(campaign, [
      '**paused**: places no calls until it is resumed; live calls continue',
      /Paused: \S+ \S+ UTC, by a client of Temporal/,
      'Terms that hold now:',
      'At most 2 calls at a time, 3 a day',
    ]);
    await campaign.handle.executeUpdate(editUpdate, { args: [campaignEdit(readChange({ max_concurrent_calls: 7 }))] });
    await shows(campaign, ['At most 7 calls at a time, 3 a day', /Last call placed: .* UTC, contact 3/]);
    await campaign.handle.executeUpdate(cancelUpdate);
    await finish(campaign);
    await shows(campaign, ['**cancelled**', '3 completed, 0 failed, 1 skipped)']);
  });

  it('finds a campaign by its status, name and agent', async () => {
    const campaign = await harness.start(PEOPLE, { max_concurrent_calls: 1 });
    expect(await attribute(campaign, 'CampaignName')).toBe('Appointments');
    expect(await attribute(campaign, 'AgentId')).toBe('agent-1');
    const shown = (status: string) =>
      vi.waitFor(async () => expect(await attribute(campaign, 'CampaignStatus')).toBe(status));
    await shown('active');
    expect(await attribute(campaign, 'WaitingFor')).toBeUndefined();
    await campaign.handle.executeUpdate(pauseAndWait);
    await shown('paused');
    await campaign.handle.executeUpdate(resumeUpdate);
    await shown('active');
    await finish(campaign);
    await shown('completed');
  });

  it('finds a campaign by what it waits for, and spends an event only on what lasts', async () => {
    const campaign = await harness.start(3, { max_concurrent_calls: 1, max_calls_per_day: 2 });
    const waitsFor = (what: string | undefined) =>
      vi.waitFor(async () => expect(await attribute(campaign, 'WaitingFor')).toBe(what));
    for (let call = 0; call < 2; call += 1) {
      await vi.waitFor(() => expect(harness.provider.live()).toHaveLength(1));
      await campaign.end(harness.provider.live());
    }
    await waitsFor('daily_cap');
    await campaign.handle.executeUpdate(pauseAndWait);
    await waitsFor(undefined);
    const { events } = await campaign.handle.fetchHistory();
    const changes = events!.filter((event) => event.upsertWorkflowSearchAttributesEventAttributes);
    // Active, at the cap, paused.
    expect(changes).toHaveLength(3);
    await campaign.handle.executeUpdate(cancelUpdate);
    await finish(campaign);
  });

  it('tells on its timeline what each activity and timer is for', async () => {
    harness.provider.script = ({ seq, attempt }) => {
      return { kind: 'ends', outcome: seq === 1 && attempt === 1 ? 'busy' : 'completed' };
    };
    const campaign = await harness.start(2, { max_retry_attempts: 1, retry_delay_minutes: 0.03 });
    await campaign.handle.result();
    const history = await campaign.handle.fetchHistory();
    const activities = activitySummaries(history);
    expect(activities).toEqual(
      expect.arrayContaining([
        'Enrol the contacts',
        'Call contact 1',
        'Call contact 2',
        'Call contact 1, attempt 2',
        'The campaign is completed',
      ]),
    );
    expect(activities.find((summary) => /^Claim up to \d+ contacts$/.test(summary))).toBeDefined();
    expect(activities.find((summary) => /^Settle (?:one call|\d+ calls)/.test(summary))).toBeDefined();
    const scheduled = history.events!.filter((event) => event.activityTaskScheduledEventAttributes);
    expect(activities).toHaveLength(scheduled.length);
    const timers = timerSummaries(history);
    expect(timers).toContain('Wait for the next retry');
    expect(timers).toHaveLength(history.events!.filter((event) => event.timerStartedEventAttributes).length);
  });
});

describe('what Temporal is told', () => {
  it('names nobody, whatever goes wrong', async () => {
    // Each error holds what a driver or a provider may well put into one.
    const wrong = `cannot call ${JSON.stringify(fictitiousPerson(0))}`;
    harness.provider.script = ({ seq, nth }) => {
      if (nth > 1) return { kind: 'ends', outcome: 'failed' };
      switch (seq) {
        case 1:
          throw new Error(wrong);
        case 2:
          throw Object.assign(new TypeError(wrong), { code: wrong, cause: new Error(wrong), detail: wrong });
        case 3:
          return { kind: 'rejected', reason: 'invalid_number' };
        default:
          return { kind: 'accept' };
      }
    };
    const campaign = await harness.start(PEOPLE, { max_concurrent_calls: PEOPLE });
    await vi.waitFor(() => expect(harness.provider.requests.length).toBeGreaterThanOrEqual(PEOPLE + 2));
    await finish(campaign);

    const history = historyToJSON(await campaign.handle.fetchHistory());
    expect(history).toContain('Failed with internal.');
    expect(personalDataIn(history)).toEqual([]);
    const { raw, workflowId } = await campaign.handle.describe();
    const described = JSON.stringify({ raw, workflowId }, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
    );
    expect(described).toContain('campaign-');
    expect(personalDataIn(described)).toEqual([]);
    expect(personalDataIn(JSON.stringify(await currentDetails(campaign)))).toEqual([]);
  });

  it('would be found to name somebody if it did', () => {
    const payload = Buffer.from('{"to":"+12125550100"}').toString('base64');
    expect(personalDataIn(JSON.stringify({ data: payload, message: 'Givenname7' }))).toEqual([
      'Givenname',
      '+12125550100',
    ]);
  });
});
