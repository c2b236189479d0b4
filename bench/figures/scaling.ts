/** What the counts per call come to in a cluster. Only multiplication: every factor stands in the tables. */
import { markdownTable } from '../../scripts/markdown-table.ts';
import type { Results } from './results.ts';

type Cost = Results['cost'];

/** Seconds that a call takes on the average, in these tables. */
const CALL_S = 60;
/** Calls in flight of one campaign, as measured to be carried (docs/performance.md, one large campaign). */
const PER_CAMPAIGN = 2_000;
const IN_FLIGHT = [10_000, 100_000, 1_000_000];
/** A core that is loaded to this share still answers quickly. */
const LOAD = 0.5;
/** Dollars per million actions at the list price of Temporal Cloud for the first tier; see the page. */
const DOLLARS_PER_MILLION = 50;
const SECONDS_PER_MONTH = 30 * 24 * 3600;

/**
 * What a cluster must carry, and what that takes of each part: counts as of a campaign that is hardly busy, which are the
 * highest, processor time as of one that is.
 */
export function capacityTable(cost: Cost, busy: Cost): string {
  const row = (name: string, of: (perSecond: number, inFlight: number) => number) => [
    name,
    ...IN_FLIGHT.map((inFlight) => whole(of(inFlight / CALL_S, inFlight))),
  ];
  const cores = (use: number) => (perSecond: number) => (perSecond * use) / 1000 / LOAD;
  return markdownTable(
    ['Calls in flight', ...IN_FLIGHT.map(whole)],
    [
      row(`Calls started per second (${CALL_S} s each)`, (perSecond) => perSecond),
      row(`Campaigns of ${whole(PER_CAMPAIGN)} in flight`, (_, inFlight) => inFlight / PER_CAMPAIGN),
      row('Temporal actions per second', (perSecond) => perSecond * cost.actions_per_call),
      row('History events per second', (perSecond) => perSecond * cost.events_per_call),
      row('Workflow tasks per second', (perSecond) => perSecond * cost.workflow_tasks_per_call),
      row('History written, MB per second', (perSecond) => (perSecond * cost.history_bytes_per_call) / 1e6),
      row('PostgreSQL statements per second', (perSecond) => perSecond * cost.statements_per_call),
      row('Cores of workers', cores(busy.cpu_ms_per_call.worker)),
      row('Cores of gateways', cores(busy.cpu_ms_per_call.gateway)),
      row('Cores of PostgreSQL', cores(busy.cpu_ms_per_call.postgres)),
    ],
  );
}

/** What Temporal Cloud bills. */
export function cloudTable(cost: Cost): string {
  return markdownTable(
    ['', 'Actions', 'Dollars'],
    [
      ['1,000 calls', whole(1_000 * cost.actions_per_call), dollars(1_000, cost)],
      ['1,000,000 calls', whole(1e6 * cost.actions_per_call), dollars(1e6, cost)],
      [
        '10,000 calls in flight around the clock, per month',
        whole((10_000 / CALL_S) * SECONDS_PER_MONTH * cost.actions_per_call),
        dollars((10_000 / CALL_S) * SECONDS_PER_MONTH, cost),
      ],
    ],
  );
}

function dollars(calls: number, cost: Cost): string {
  return ((calls * cost.actions_per_call * DOLLARS_PER_MILLION) / 1e6).toFixed(2);
}

function whole(value: number): string {
  return (value < 10 ? Math.ceil(value * 10) / 10 : Math.ceil(value)).toLocaleString('en-US');
}
