/** Campaigns whose people have their own hours, times and numbers, or that share limits with others. */
import { beginStop } from '../../../db/stops.ts';
import { fictitiousPerson } from '../../support/factories/people.ts';
import { runToEnd } from '../../support/harness/server-clock.ts';
import { ENDS, endedWith, live, type Scenario, until } from './steps.ts';

const HOUR_MS = 3_600_000;
const ZONES = ['America/New_York', 'Europe/Paris', 'Asia/Kolkata'];
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];

export const PEOPLE: readonly Scenario[] = [
  {
    // Claimed contacts of a group that closes go back, and a retry waits for the next day of its group.
    name: 'groups-in-three-zones',
    server: 'skipping',
    async run(harness) {
      harness.provider.script = ({ seq, attempt }) =>
        attempt === 1 && seq % 4 === 0 ? { kind: 'ends', outcome: 'busy' } : ENDS;
      const campaign = await harness.start(0, {
        contacts: Array.from({ length: 24 }, (_, index) => ({
          ...fictitiousPerson(index),
          timezone: ZONES[index % ZONES.length],
          priority: 1 + (index % 3),
        })),
        timezone: 'contact',
        policy: ['us-tcpa'],
        start_time: '07:00',
        end_time: '09:00',
        working_days: EVERY_DAY,
        max_concurrent_calls: 2,
        max_calls_per_day: 14,
        max_retry_attempts: 1,
        retry_delay_minutes: 100,
        retry_on: ['busy'],
      });
      await runToEnd(campaign);
      return campaign;
    },
  },
  {
    name: 'people-at-their-time',
    server: 'skipping',
    async run(harness) {
      harness.provider.script = () => ENDS;
      const now = await harness.time();
      const contacts = Array.from({ length: 6 }, (_, index) => ({
        ...fictitiousPerson(index),
        ...(index % 2 === 0 ? { not_before: new Date(now + (index + 1) * HOUR_MS).toISOString() } : {}),
      }));
      const campaign = await harness.start(0, { contacts, max_concurrent_calls: 1 });
      await runToEnd(campaign);
      return campaign;
    },
  },
  {
    name: 'one-number',
    server: 'skipping',
    async run(harness) {
      await harness.pool.query(`update accounts set per_number = '[{"max": 1, "hours": 24}]' where name = 'default'`);
      harness.provider.script = () => ENDS;
      const { phone_number } = fictitiousPerson(0);
      const contacts = ['1', '2', '3'].map((extension) => ({ phone_number, extension }));
      const campaign = await harness.start(0, { contacts });
      await runToEnd(campaign);
      return campaign;
    },
  },
  {
    name: 'shared-limit',
    server: 'real',
    async run(harness) {
      await harness.pool.query("update accounts set max_concurrent_calls = 2 where name = 'default'");
      const campaign = await harness.start(5, { max_concurrent_calls: 4 });
      await live(campaign, 2);
      harness.provider.script = () => ENDS;
      return endedWith(campaign);
    },
  },
  {
    name: 'stopped',
    server: 'real',
    async run(harness) {
      const { pool, provider } = harness;
      provider.script = () => ENDS;
      await beginStop(pool, { scope: 'all', stopped_by: 'operator', reason: null });
      const campaign = await harness.start(3);
      await until(campaign, ({ waiting_for }) => waiting_for === 'stopped');
      await pool.query('delete from stops');
      return endedWith(campaign);
    },
  },
];
