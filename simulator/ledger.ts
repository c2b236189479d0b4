import type { CallEnd } from './call-life.ts';

/** One accepted call as the provider has it. Instants are epoch milliseconds, null until they come. */
export interface LedgerCall {
  readonly id: string;
  readonly key: string | null;
  readonly phone_number: string;
  readonly agent_id: string;
  readonly accepted_at: number;
  /** When the phone began to ring. */
  dialled_at: number | null;
  /** When the line was taken, by a person or by a machine. */
  started_at: number | null;
  ended_at: number | null;
  outcome: CallEnd | null;
}

/** An end of a call that was reported by webhook, and acknowledged with a 2xx. */
export interface AcknowledgedEnd {
  /** The call's id at the provider. */
  readonly call_id: string;
  /** The caller's own id of it, where the webhook named it. */
  readonly key: string | null;
  readonly outcome: CallEnd;
  readonly at: number;
}

/** One request to the calls API. */
export interface LedgerRequest {
  readonly n: number;
  /** When it arrived. */
  readonly at: number;
  readonly on: 'place' | 'get' | 'list' | 'cancel';
  /** The caller's own id of the call; null until the body is read, where it stands there. */
  key: string | null;
  /** The status that was sent; 0 when the connection was destroyed instead, null while there is no answer yet. */
  status: number | null;
  call_id: string | null;
  /** Whether an earlier answer was given again for the same key. */
  replayed: boolean;
  /** The `Retry-After` that was sent along, if any. */
  retry_after: string | null;
  readonly faults: string[];
}

/** A request on its way through the simulator. */
export interface OpenRequest {
  readonly record: LedgerRequest;
  /** Takes the first of several answers. */
  answered(status: number): void;
}

export interface LedgerSummary {
  readonly accepted: number;
  /** How many keys were accepted more than once, each time as another call. */
  readonly duplicate_keys: number;
  readonly in_flight: number;
  /** The most calls at once, each counted from its acceptance to its end. */
  readonly peak_in_flight: number;
  readonly requests_total: number;
  readonly requests_by_status: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
}

/** The provider's own book: the evidence that limits are measured against. */
export class Ledger {
  readonly calls: LedgerCall[] = [];
  readonly requests: LedgerRequest[] = [];
  /** In the order of their acknowledgement. */
  readonly ends: AcknowledgedEnd[] = [];
  readonly #callsByKey = new Map<string, number>();
  readonly #byStatus: Record<string, number> = {};
  readonly #outcomes: Record<string, number> = {};
  #requestsTotal = 0;
  #duplicateKeys = 0;
  #inFlight = 0;
  #peak = 0;

  /** @param keepRequests false for runs so large that lists of requests and of ends would not fit; requests are still counted */
  constructor(readonly keepRequests: boolean) {}

  accepted(call: LedgerCall): void {
    this.calls.push(call);
    this.#inFlight += 1;
    this.#peak = Math.max(this.#peak, this.#inFlight);
    if (call.key === null) return;
    const calls = this.callsUnder(call.key) + 1;
    this.#callsByKey.set(call.key, calls);
    if (calls === 2) this.#duplicateKeys += 1;
  }

  callsUnder(key: string): number {
    return this.#callsByKey.get(key) ?? 0;
  }

  acknowledged(end: AcknowledgedEnd): void {
    if (this.keepRequests) this.ends.push(end);
  }

  ended(call: LedgerCall, at: number, outcome: CallEnd): void {
    call.ended_at = at;
    call.outcome = outcome;
    this.#inFlight -= 1;
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
  }

  arrived({ at, on }: Pick<LedgerRequest, 'at' | 'on'>): OpenRequest {
    this.#requestsTotal += 1;
    const record: LedgerRequest = {
      n: this.#requestsTotal,
      at,
      on,
      key: null,
      status: null,
      call_id: null,
      replayed: false,
      retry_after: null,
      faults: [],
    };
    if (this.keepRequests) this.requests.push(record);
    return {
      record,
      answered: (status) => {
        if (record.status !== null) return;
        record.status = status;
        this.#byStatus[status] = (this.#byStatus[status] ?? 0) + 1;
      },
    };
  }

  summary(): LedgerSummary {
    return {
      accepted: this.calls.length,
      duplicate_keys: this.#duplicateKeys,
      in_flight: this.#inFlight,
      peak_in_flight: this.#peak,
      requests_total: this.#requestsTotal,
      requests_by_status: { ...this.#byStatus },
      outcomes: { ...this.#outcomes },
    };
  }
}

/**
 * The most of these calls at once, for a part of the ledger such as one campaign's. Where one call ends at the very
 * millisecond at which another is accepted, the end counts first.
 */
export function peakInFlight(calls: readonly Pick<LedgerCall, 'accepted_at' | 'ended_at'>[]): number {
  const steps = calls.flatMap(({ accepted_at, ended_at }) => [
    { at: accepted_at, by: 1 },
    ...(ended_at === null ? [] : [{ at: ended_at, by: -1 }]),
  ]);
  steps.sort((a, b) => a.at - b.at || a.by - b.by);
  let inFlight = 0;
  let peak = 0;
  for (const { by } of steps) {
    inFlight += by;
    peak = Math.max(peak, inFlight);
  }
  return peak;
}
