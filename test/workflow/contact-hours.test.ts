import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Schedule } from '../../domain/windows/schedule.ts';
import { isInside } from '../../domain/windows/windows.ts';
import type { WorkflowHarness } from '../support/harness/workflow-harness.ts';
import { runToEnd } from '../support/harness/server-clock.ts';
import { virtualEnv, virtualTimeHarness } from '../support/harness/virtual-time.ts';
import { fictitiousPerson } from '../support/factories/people.ts';

const ZONES = ['America/New_York', 'Europe/Paris', 'Asia/Kolkata'];
const PEOPLE = 30;
const DAYS = 2;
const CAP = PEOPLE / DAYS;
const HOURS = { start_time: '10:00', end_time: '12:00', working_days: [1, 2, 3, 4, 5, 6, 7] };

let env: TestWorkflowEnvironment;
let harness: WorkflowHarness;
beforeAll(async () => {
  env = await virtualEnv();
});
afterEach(() => harness.close());
afterAll(() => env.teardown());

describe('a campaign in the hours of its contacts', () => {
  it('calls each in its own zone, under one daily cap, and skips those whose zone nobody knows', async () => {
    harness = await virtualTimeHarness(env);
    const { provider } = harness;
    provider.script = ({ seq, attempt }) => ({
      kind: 'ends',
      outcome: attempt === 1 && seq % 10 === 0 ? 'busy' : 'completed',
    });
    const contacts = Array.from({ length: PEOPLE }, (_, index) => ({
      ...fictitiousPerson(index),
      timezone: ZONES[index % ZONES.length],
    }));
    const tollFree = { phone_number: '+18005550199' };
    const campaign = await harness.start(0, {
      contacts: [...contacts, tollFree],
      timezone: 'contact',
      ...HOURS,
      max_calls_per_day: CAP,
      max_concurrent_calls: 3,
      max_retry_attempts: 1,
      retry_delay_minutes: 180,
      retry_on: ['busy'],
    });

    const { status, buckets } = await runToEnd(campaign);

    expect({ status, buckets }).toEqual({
      status: 'completed',
      buckets: { pending: 0, in_progress: 0, retrying: 0, completed: PEOPLE, failed: 0, skipped: 1 },
    });
    const placed = [...provider.accepted.values()];
    expect(placed).toHaveLength(PEOPLE + PEOPLE / 10);
    const perDay = new Map<string, number>();
    for (const { seq, at } of placed) {
      const timezone = ZONES[(seq - 1) % ZONES.length];
      expect(isInside(Schedule.parse({ timezone, ...HOURS }), at), `contact ${seq}`).toBe(true);
      const day = new Date(at).toISOString().slice(0, 10);
      perDay.set(day, (perDay.get(day) ?? 0) + 1);
    }
    expect(Math.max(...perDay.values())).toBeLessThanOrEqual(CAP);
    const { rows } = await harness.pool.query(
      "select reason, count(*)::int from campaign_contacts where bucket = 'skipped' group by reason",
    );
    expect(rows).toEqual([{ reason: 'unknown_zone', count: 1 }]);
  });
});
