/** The promises over all campaigns of a connection and of an account, held against the provider's ledger. */
import type { NumberLimit } from '../../../domain/dialling/number-limits.ts';
import type { LedgerCall } from '../../../simulator/ledger.ts';
import { isForbidden } from '../limits.ts';
import type { SentRequest } from '../request-watch.ts';
import { clock, type Finding } from './finding.ts';

type Accepted = Pick<LedgerCall, 'id' | 'phone_number' | 'accepted_at' | 'ended_at'>;

export interface ConnectionEvidence {
  /** In the order of their acceptance. */
  readonly calls: readonly Accepted[];
  readonly sent: readonly SentRequest[];
  readonly maxConcurrentCalls: number;
  readonly callsPerSecond: number;
  readonly numberLimit: NumberLimit;
}

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

export function auditConnection(evidence: ConnectionEvidence): Finding[] {
  const checks = [tooManyOnConnection, dialledTooFast, calledTooManyTimes, calledThoughForbidden];
  return checks.flatMap((check) => [...check(evidence)]);
}

/** P12: with each call that the provider accepts, no more are in flight over all campaigns than the connection allows. */
function* tooManyOnConnection({ calls, maxConcurrentCalls }: ConnectionEvidence): Generator<Finding> {
  let live: Accepted[] = [];
  for (const call of calls) {
    const at = call.accepted_at;
    // Where one call ends in the millisecond in which another is accepted, the end counts first.
    live = [...live.filter(({ ended_at }) => ended_at === null || ended_at > at), call];
    if (live.length <= maxConcurrentCalls) continue;
    const text = `${call.id} accepted at ${clock(at)} as one of ${live.length} at once on the connection; the limit is ${maxConcurrentCalls}`;
    yield { promise: 'P12', at, text };
  }
}

/**
 * P13: no ten seconds have more requests than the rate allows. An instant may be later than its request by as long as this process
 * stood still, so the requests of a window may have left in so much more time. A worker that is frozen between its last look at the
 * clock and its first byte sends late, and counts as too fast here.
 */
function* dialledTooFast({ sent, callsPerSecond: rate }: ConnectionEvidence): Generator<Finding> {
  let first = 0;
  for (const [last, { at }] of sent.entries()) {
    while (sent[first]!.at <= at - 10 * SECOND_MS) first += 1;
    const late = Math.max(...sent.slice(first, last + 1).map(({ lateByMs }) => lateByMs));
    const most = rate * (10 + late / SECOND_MS) + Math.max(1, rate);
    const count = last - first + 1;
    if (count <= most) continue;
    yield {
      promise: 'P13',
      at,
      text: `${count} requests in the ten seconds to ${clock(at)}; ${Math.floor(most)} are allowed`,
    };
  }
}

/** P14: no number has more calls within the hours than its limit, whatever campaigns they are of. */
function* calledTooManyTimes({ calls, numberLimit: { max, hours } }: ConnectionEvidence): Generator<Finding> {
  const byNumber = new Map<string, number[]>();
  for (const { id, phone_number, accepted_at: at } of calls) {
    const times = [...(byNumber.get(phone_number) ?? []), at].filter((one) => one > at - hours * HOUR_MS);
    byNumber.set(phone_number, times);
    if (times.length <= max) continue;
    yield {
      promise: 'P14',
      at,
      text: `${id} accepted at ${clock(at)} as call ${times.length} to one number; ${max} are allowed`,
    };
  }
}

/** P15: nobody is called whom the connection does not allow. */
function* calledThoughForbidden({ calls }: ConnectionEvidence): Generator<Finding> {
  for (const { id, phone_number, accepted_at: at } of calls) {
    if (!isForbidden(phone_number)) continue;
    yield {
      promise: 'P15',
      at,
      text: `${id} accepted at ${clock(at)}, to a country that the connection does not allow`,
    };
  }
}
