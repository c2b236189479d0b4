/** The measurements as tables of Markdown. */
import { markdownTable } from '../../scripts/markdown-table.ts';
import { reportText } from '../peers/report.ts';
import type { CpuUse } from '../system.ts';
import type { Circumstances, Results } from './results.ts';

type Result<N extends keyof Results> = Results[N] & Circumstances;

const PROCESSES: readonly (keyof CpuUse)[] = ['worker', 'gateway', 'postgres', 'temporal', 'provider'];

export function costTable(steady: Result<'cost'>, busy: Result<'cost-busy'>): string {
  const row = (name: string, of: (cost: Result<'cost'>) => string | number): string[] => [
    name,
    String(of(steady)),
    String(of(busy)),
  ];
  return under(
    steady,
    markdownTable(
      ['Per call', `${steady.calls_per_second} calls/s`, `${busy.calls_per_second} calls/s`],
      [
        row('Temporal actions', (cost) => cost.actions_per_call),
        row('of these activities', (cost) => perCall(cost.actions.activities, cost)),
        row('of these signals', (cost) => perCall(cost.actions.signals, cost)),
        row('history events', (cost) => cost.events_per_call),
        row('history bytes', (cost) => cost.history_bytes_per_call),
        row('workflow tasks', (cost) => cost.workflow_tasks_per_call),
        row('PostgreSQL statements', (cost) => cost.statements_per_call),
        row('CPU of the worker, ms', (cost) => cost.cpu_ms_per_call.worker),
        row('CPU of the gateway, ms', (cost) => cost.cpu_ms_per_call.gateway),
        row('CPU of PostgreSQL, ms', (cost) => cost.cpu_ms_per_call.postgres),
        row('CPU of the Temporal server, ms', (cost) => cost.cpu_ms_per_call.temporal),
        ['calls', String(steady.calls), String(busy.calls)],
        ['continued as new', String(steady.continue_as_new), String(busy.continue_as_new)],
      ],
    ),
  );
}

export function refillTable(result: Result<'refill'>): string {
  return under(
    result,
    markdownTable(
      [
        'Concurrent calls',
        'Calls',
        'Refill p50, ms',
        'p95',
        'p99',
        'Utilisation',
        'Calls/s',
        'CPU of all, ms per call',
      ],
      result.rows.map((row) => [
        row.concurrency,
        row.calls,
        row.refill_ms.p50,
        row.refill_ms.p95,
        row.refill_ms.p99,
        row.utilisation,
        row.calls_per_second,
        total(row.cpu_ms_per_call),
      ]),
    ),
  );
}

export function ceilingTable(result: Result<'ceiling'>): string {
  const { bare, campaign } = result;
  return under(
    result,
    [
      markdownTable(
        ['', 'Items/s', ...PROCESSES.map((name) => `CPU ${name}, ms`)],
        [
          ['Bare workflow', bare.items_per_second, ...PROCESSES.map((name) => bare.cpu_ms_per_item[name])],
          ['Campaign', campaign.items_per_second, ...PROCESSES.map((name) => campaign.cpu_ms_per_item[name])],
        ],
      ),
      `Ratio: **${result.ratio}**, over ${result.items} items, ${result.slots} concurrent, each for ${result.call_seconds} s.`,
    ].join('\n\n'),
  );
}

export function campaignsTable(result: Result<'campaigns'>): string {
  const { calls_per_second: rate, fairness } = result;
  return under(
    result,
    markdownTable(
      ['', ''],
      [
        [`Calls/s of ${result.campaigns} campaigns together, one worker`, rate.one_worker],
        ['Same, two workers on the same two cores', rate.two_workers],
        ['Worker memory per sleeping campaign, kB', result.kilobytes_per_sleeping_campaign],
        [`A campaign of ${fairness.small}, alone, s`, fairness.seconds_alone],
        [`Same, started after one of ${fairness.large}, s`, fairness.seconds_beside_the_large],
        ['Ratio', fairness.ratio],
      ],
    ),
  );
}

export function sharesTable(result: Result<'shares'>): string {
  return under(
    result,
    markdownTable(
      ['', ''],
      [
        ['Limit of the connection', result.limit],
        ['Calls', result.calls],
        ['Most calls in flight', result.peak],
        ['Requests that the carrier refused', result.refused],
        [`Utilisation of the limit over ${result.seconds} s`, result.utilisation],
        ['Largest deviation from a fair share', result.fairness_max_deviation],
        ['Signals of shares per 1,000 calls, once shares are settled', result.signals_per_thousand_calls],
        ['Signals of shares from beginning to end', result.signals],
      ],
    ),
  );
}

export function rosterTable(result: Result<'roster'>): string {
  const { exchange } = result;
  return under(
    result,
    markdownTable(
      ['', ''],
      [
        [`Import of ${result.contacts} rows, rows/s`, result.import.rows_per_second],
        ['Gateway memory before, MB', result.import.gateway_start_mb],
        ['Gateway memory, maximum, MB', result.import.gateway_peak_mb],
        [`Enrolment of ${result.contacts}, contacts/s`, result.enrolment.contacts_per_second],
        [`Exchange of ${exchange.claimed_and_settled} in a roster of 1,000, median ms`, exchange.ms_at_1000],
        [`Same in a roster of ${result.contacts}`, exchange.ms_at_size],
        ['Ratio', exchange.ratio],
      ],
    ),
  );
}

export function largeTable(result: Result<'large'>): string {
  return under(
    result,
    markdownTable(
      ['', ''],
      [
        ['Concurrent calls, limit', result.concurrency],
        ['Concurrent calls, maximum', result.peak_in_flight],
        ['Concurrent calls, mean with full slots', result.mean_in_flight],
        ['Slots full after, s', result.filled_after_seconds ?? 'never'],
        ['Starts/s', result.starts_per_second],
        [`Starts/s of full slots (calls of ${result.call_seconds} s)`, result.ideal_starts_per_second],
        ['Refill p50, ms', result.refill_ms.p50],
        ['Refill p99, ms', result.refill_ms.p99],
        ['Worker memory, MB', result.worker_mb],
        ...PROCESSES.map((name) => [`CPU ${name}, ms per call`, result.cpu_ms_per_call[name]]),
      ],
    ),
  );
}

/** The worst of them: all would be a page of small numbers. */
const REQUESTS_SHOWN = 15;

export function requestsTable(result: Result<'requests'>): string {
  const { rows, idle, rounds } = result;
  const within = rows.length - result.over_aim;
  return under(
    result,
    [
      markdownTable(
        ['Request', 'Route', 'Bytes', 'Status', 'Answer, ms', '`/healthz`, ms', 'Event loop, ms'],
        rows
          .slice(0, REQUESTS_SHOWN)
          .map(({ request, route, bytes, status, ms, health_ms: health, event_loop_ms: loop }) => [
            request,
            `\`${route}\``,
            bytes,
            status ?? 'closed',
            ms,
            health.median,
            loop.median,
          ]),
      ),
      `The ${Math.min(REQUESTS_SHOWN, rows.length)} longest of ${rows.length} requests. **${within}** of all stay within ${result.aim_ms} ms. ` +
        `Median of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}. Idle: \`/healthz\` ${idle.health_ms} ms, event loop ${idle.event_loop_ms} ms. ` +
        `Maximum gateway memory: ${result.gateway_peak_mb} MB.`,
    ].join('\n\n'),
  );
}

export function peersTables(result: Result<'peers'>): string {
  return under(result, ['```text', reportText(termsOf(result), result.rows), '```'].join('\n'));
}

function termsOf({ contacts, concurrency, call_seconds: callSeconds }: Result<'peers'>) {
  return { contacts, concurrency, callSeconds };
}

/** Figures belong to a machine and a day. */
function under({ date, machine }: Circumstances, figures: string): string {
  return `${figures}\n\n*${date}; ${machine.cores} cores (${machine.cpu.trim()}), Node ${machine.node}.*`;
}

function total(use: CpuUse): number {
  return Number(PROCESSES.reduce((sum, name) => sum + use[name], 0).toFixed(1));
}

function perCall(count: number, { calls }: { readonly calls: number }): number {
  return Number((count / calls).toFixed(3));
}
