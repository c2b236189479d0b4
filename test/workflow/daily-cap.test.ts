import { tsToMs } from '@temporalio/common/lib/time.js';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { constantOffsets } from '../../domain/windows/zone-offsets.ts';
import type { ScriptedProvider } from '../support/fakes/scripted-provider.ts';
import type { Campaign, WorkflowHarness } from '../support/harness/workflow-harness.ts';
import { firedTimersOver } from '../support/probes/history.ts';
import { runToEnd } from '../support/harness/server-clock.ts';
import { virtualEnv, virtualTimeHarness } from '../support/harness/virtual-time.ts';

const ZONE = 'America/New_York';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const CAP = 6;
const DAYS = 10;
const SLOTS = 3;
// The last day is not a full one.
const PEOPLE = CAP * DAYS - 2;

let env: TestWorkflowEnvironment;
let harness: WorkflowHarness;
beforeAll(async () => {
  env = await virtualEnv();
});
afterEach(() => harness.close());
afterAll(() => env.teardown());

describe('a campaign of ten days under a daily cap', () => {
  it.each([
    { change: 'forward', hours: null, length: 23 },
    { change: 'back', hours: null, length: 25 },
    { change: 'forward', hours: ['22:00', '04:00'], length: 23 },
    { change: 'back', hours: ['22:00', '04:00'], length: 25 },
    { change: 'forward', hours: ['09:00', '17:00'], length: 23 },
  ] as const)('keeps to it, and to its hours $hours, over a day of $length hours', async ({ change, hours }) => {
    harness = await virtualTimeHarness(env);
    const { provider } = harness;
    const changeAt = nextChange(change, (await env.currentTimeMs()) + 6 * DAY_MS);
    const campaign = await harness.start(PEOPLE, {
      timezone: ZONE,
      ...(hours ? { start_time: hours[0], end_time: hours[1] } : {}),
      schedule_type: 'scheduled',
      // Noon of the fifth day before: in the overnight case the first window opens that evening.
      scheduled_at: new Date(changeAt - 4.6 * DAY_MS).toISOString(),
      max_calls_per_day: CAP,
      max_concurrent_calls: SLOTS,
    });
    endCallsInThreeWays(provider, campaign);

    const result = await runToEnd(campaign);

    expect(result).toEqual({
      campaign_id: campaign.id,
      status: 'completed',
      buckets: { pending: 0, in_progress: 0, retrying: 0, completed: PEOPLE, failed: 0, skipped: 0 },
      // Skipped time may let a look-up find an end whose signal is still on its way.
      late_events: expect.any(Number) as number,
    });
    const placed = [...provider.accepted.values()];
    expect(placed).toHaveLength(PEOPLE);
    expect(provider.requests).toHaveLength(PEOPLE);
    const perDay: Record<string, number> = {};
    for (const { at } of placed) perDay[wall(at).date] = (perDay[wall(at).date] ?? 0) + 1;
    expect(Object.keys(perDay)).toHaveLength(DAYS);
    expect(Math.max(...Object.values(perDay))).toBe(CAP);
    expect(perDay).toHaveProperty(wall(changeAt).date);
    if (hours) for (const { at } of placed) expect(isBetween(wall(at).time, hours)).toBe(true);
    expect(peak(provider)).toBeLessThanOrEqual(SLOTS);

    const { rows } = await harness.pool.query('select status, waiting_for, completed, total from campaigns');
    expect(rows).toEqual([{ status: 'completed', waiting_for: null, completed: PEOPLE, total: PEOPLE }]);

    const history = await campaign.handle.fetchHistory();
    const naps = firedTimersOver(history, HOUR_MS);
    const asleep = naps.reduce((sum, ms) => sum + ms, 0);
    // To the start, and from each day's last call to the next day's first, at most by way of the window's close and the
    // day's end.
    expect(naps.length).toBeLessThanOrEqual(1 + 3 * DAYS);
    const began = history.events![0]!.eventTime!;
    expect(asleep).toBeGreaterThan((placed.at(-1)!.at - tsToMs(began)) * 0.9);
  });
});

/**
 * A third of the calls end before the provider's reply, a third by a signal while the next one is being placed, and a
 * third are never heard of and found by the look-up.
 */
function endCallsInThreeWays(provider: ScriptedProvider, campaign: Campaign): void {
  provider.script = async ({ seq, callId }) => {
    const over = provider.live().filter((id) => id !== callId && Number(id.split('.')[1]) % 3 === 1);
    if (over.length > 0) await campaign.end(over);
    return seq % 3 === 0 ? { kind: 'ends', outcome: 'completed' } : { kind: 'accept' };
  };
  provider.lookUpScript = (callId) => {
    provider.end(callId);
    return null;
  };
}

/** The next change of the zone's offset after `from`: forward makes a day of 23 hours, back one of 25. */
function nextChange(direction: 'forward' | 'back', from: number): number {
  let before: number | undefined;
  for (const { from: at, offset } of constantOffsets(ZONE, from)) {
    if (before !== undefined && offset !== before && offset > before === (direction === 'forward')) return at;
    before = offset;
  }
  throw new Error('unreachable: the offsets of a zone have no end');
}

const inZone = new Intl.DateTimeFormat('en-CA', {
  timeZone: ZONE,
  dateStyle: 'short',
  timeStyle: 'short',
  hourCycle: 'h23',
});

function wall(at: number): { date: string; time: string } {
  const [date = '', time = ''] = inZone.format(at).split(', ');
  return { date, time };
}

function isBetween(time: string, [start, end]: readonly [string, string]): boolean {
  return start < end ? start <= time && time < end : time >= start || time < end;
}

/** The most calls that were live at one instant. */
function peak(provider: ScriptedProvider): number {
  const changes = [...provider.accepted.values()].flatMap(({ at, ended }) => [
    { at, by: 1 },
    { at: ended!.ended_at, by: -1 },
  ]);
  changes.sort((a, b) => a.at - b.at || a.by - b.by);
  let live = 0;
  return Math.max(...changes.map(({ by }) => (live += by)));
}
