/** The rows as a table for readers, and who comes first in what. */
import { counted } from '../../domain/engine/counted.ts';
import type { PeerRow } from './row.ts';
import type { RunTerms } from './run.ts';

interface Measure {
  readonly name: string;
  /** Null where it does not apply. */
  readonly of: (row: PeerRow) => number | null;
  readonly best: 'least' | 'most' | 'none';
}

const MEASURES: readonly Measure[] = [
  { name: 'refill p50 ms', of: ({ calm }) => calm.refill_ms.p50, best: 'least' },
  { name: 'refill p95 ms', of: ({ calm }) => calm.refill_ms.p95, best: 'least' },
  { name: 'refill p99 ms', of: ({ calm }) => calm.refill_ms.p99, best: 'least' },
  { name: 'utilisation', of: ({ calm }) => calm.utilisation, best: 'most' },
  { name: 'CPU ms per call', of: ({ calm }) => calm.cpu_ms_per_call, best: 'least' },
  { name: "servers' CPU ms per call", of: ({ calm }) => calm.server_cpu_ms_per_call, best: 'least' },
  { name: 'rows written per call', of: ({ calm }) => calm.rows_written_per_call, best: 'none' },
  { name: 'Redis commands per call', of: ({ calm }) => calm.redis_commands_per_call, best: 'none' },
  { name: 'history events per call', of: ({ calm }) => calm.history_events_per_call, best: 'none' },
  { name: 'duplicates', of: ({ calm }) => calm.duplicates, best: 'none' },
  { name: 'most calls at once', of: ({ calm }) => calm.peak_in_flight, best: 'none' },
  { name: 'killed: duplicates', of: ({ killed }) => killed.duplicates, best: 'least' },
  { name: 'killed: never called', of: ({ killed }) => killed.never_called, best: 'least' },
  { name: 'killed: unfinished', of: ({ killed }) => killed.unfinished, best: 'least' },
  { name: 'killed: leaked slots', of: ({ killed }) => killed.leaked_slots, best: 'least' },
  { name: 'killed: most calls at once', of: ({ killed }) => killed.peak_in_flight, best: 'none' },
  { name: 'killed: utilisation', of: ({ killed }) => killed.utilisation, best: 'most' },
  { name: 'full again s, replies held', of: ({ killed }) => killed.full_again_s.replies, best: 'least' },
  { name: 'full again s, calls live', of: ({ killed }) => killed.full_again_s.live, best: 'least' },
  { name: 'full again s, refilling', of: ({ killed }) => killed.full_again_s.refilling, best: 'least' },
];

export function reportText(terms: RunTerms, rows: readonly PeerRow[]): string {
  const { contacts, concurrency, callSeconds } = terms;
  const names = rows.map(({ peer }) => peer);
  const lines = MEASURES.map((measure) => [
    measure.name,
    ...rows.map((row) => String(measure.of(row) ?? '-')),
    first(measure, rows),
  ]);
  return [
    `${counted(contacts, 'contact')}, ${concurrency} concurrent calls of ${callSeconds} s on average; one run without faults, and one`,
    'with the worker killed three times. Ringfence uses only what the job needs: no library has calling hours, daily',
    'caps, pauses, retries or look-ups of unknown outcomes here.',
    '',
    ...rows.map(({ peer, library }) => `${peer}: ${library}`),
    '',
    ...table([['', ...names, 'first'], ...lines]),
  ].join('\n');
}

/** Who comes first, all of them where several do; nobody where the measure makes no order or all are equal. */
function first({ of, best }: Measure, rows: readonly PeerRow[]): string {
  const values = rows.flatMap((row) => {
    const value = of(row);
    return value === null ? [] : [{ peer: row.peer, value }];
  });
  const [lowest, highest] = [
    Math.min(...values.map(({ value }) => value)),
    Math.max(...values.map(({ value }) => value)),
  ];
  if (best === 'none' || lowest === highest) return '';
  const wanted = best === 'least' ? lowest : highest;
  return values.flatMap(({ peer, value }) => (value === wanted ? [peer] : [])).join(', ');
}

function table(lines: readonly (readonly string[])[]): string[] {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
