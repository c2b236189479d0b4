/** One peer's row: what its two runs came to. */
import { type Percentiles, percentiles, refillTimes, rounded, utilisation } from '../statistics.ts';
import { duplicates, fullAgainAfter, neverCalled, slotsMissingAtEnd } from './measures.ts';
import type { Moment } from './moments.ts';
import type { Peer } from './peer.ts';
import type { CalmRun, KilledRun, Run, RunTerms } from './run.ts';
import { peakInFlight } from '../../simulator/ledger.ts';

interface Outcome {
  readonly calls: number;
  readonly duplicates: number;
  readonly never_called: number;
  /** Contacts that are not through by the peer's own record. */
  readonly unfinished: number;
  readonly peak_in_flight: number;
  readonly utilisation: number;
}

export interface CalmOutcome extends Outcome {
  /** From the webhook of a call's end to the acceptance of the next call. */
  readonly refill_ms: Percentiles;
  /** Of worker and gateway. */
  readonly cpu_ms_per_call: number;
  /** Of PostgreSQL, Temporal and Redis, as far as the peer uses them. */
  readonly server_cpu_ms_per_call: number;
  /** Rows inserted, updated and deleted in PostgreSQL. */
  readonly rows_written_per_call: number;
  readonly redis_commands_per_call: number | null;
  readonly history_events_per_call: number | null;
}

export interface KilledOutcome extends Outcome {
  /** Slots that were not taken any more at the end. */
  readonly leaked_slots: number;
  /** From each kill until all slots were taken again; null when they were not. */
  readonly full_again_s: Readonly<Record<Moment, number | null>>;
}

export interface PeerRow {
  readonly peer: string;
  readonly library: string;
  readonly calm: CalmOutcome;
  readonly killed: KilledOutcome;
}

export function toRow(
  { name, library, needs }: Peer,
  terms: RunTerms,
  runs: { readonly calm: CalmRun; readonly killed: KilledRun; readonly historyEvents: number | null },
): PeerRow {
  const { calm, killed, historyEvents } = runs;
  const perCall = (count: number): number => rounded(count / calm.calls.length, 2);
  return {
    peer: name,
    library,
    calm: {
      ...outcomeOf(calm, terms),
      refill_ms: percentiles(refillTimes(calm.calls, terms.concurrency)),
      cpu_ms_per_call: perCall(calm.used.processesMs),
      server_cpu_ms_per_call: perCall(calm.used.serversMs),
      rows_written_per_call: perCall(calm.used.rowsWritten),
      redis_commands_per_call: needs.redis ? perCall(calm.used.redisCommands) : null,
      history_events_per_call: historyEvents === null ? null : perCall(historyEvents),
    },
    killed: {
      ...outcomeOf(killed, terms),
      leaked_slots: slotsMissingAtEnd(killed.calls, terms.concurrency),
      full_again_s: fullAgain(killed, terms),
    },
  };
}

function outcomeOf({ calls, unfinished }: Run, { contacts, concurrency }: RunTerms): Outcome {
  return {
    calls: calls.length,
    duplicates: duplicates(calls),
    never_called: neverCalled(calls, contacts),
    unfinished,
    peak_in_flight: peakInFlight(calls),
    utilisation: rounded(utilisation(calls, concurrency)),
  };
}

function fullAgain({ calls, killedAt }: KilledRun, { concurrency }: RunTerms): KilledOutcome['full_again_s'] {
  const seconds = (at: number): number | null => {
    const ms = fullAgainAfter(calls, concurrency, at);
    return ms === null ? null : rounded(ms / 1000, 1);
  };
  return {
    replies: seconds(killedAt.replies),
    live: seconds(killedAt.live),
    refilling: seconds(killedAt.refilling),
  };
}
