/** A world with faults by seed: the same seed and the same rates give the same faults. */
import type { Outcome } from '../../domain/engine/outcome.ts';
import { DATABASE_LIMITS } from '../../domain/engine/time-limits.ts';
import {
  LIVES,
  USUAL_MS,
  type Answer,
  type WorldModel,
  type Delivery,
  type Step,
  type WorkerFate,
} from './world-model.ts';
import { between, oneOf, type Random } from './random.ts';

/** Shares in [0, 1] of what goes wrong. */
export interface FaultRates {
  /** Steps that take up to a hundred times as long. */
  readonly slow: number;
  readonly workerDies: number;
  /** Frozen for up to two minutes, and then awake again. */
  readonly workerFreezes: number;
  /** Transactions that wait for seconds. */
  readonly slowDatabase: number;
  readonly acceptsUnheard: number;
  readonly unheard: number;
  readonly rejected: number;
  readonly throttled: number;
  readonly unavailable: number;
  readonly blocked: number;
  readonly suppressed: number;
  /** Accepted calls that do not take place because of the account. */
  readonly accountFault: number;
  readonly eventTwice: number;
  readonly eventLate: number;
  readonly eventLost: number;
  /** Events that arrive before the provider's answer to the request could. */
  readonly eventAtOnce: number;
  readonly eventNotSignalled: number;
  /** A second terminal event with another outcome. */
  readonly eventContradicted: number;
  /** Calls that wait in the provider's queue for longer than it promised. Only a provider that cancels them keeps the promises. */
  readonly queuedTooLong: number;
  readonly lookUpSilent: number;
  readonly lookUpDeferred: number;
  readonly exchangeRepeated: number;
  readonly commandRepeated: number;
}

export const NO_FAULTS: FaultRates = {
  slow: 0,
  workerDies: 0,
  workerFreezes: 0,
  slowDatabase: 0,
  acceptsUnheard: 0,
  unheard: 0,
  rejected: 0,
  throttled: 0,
  unavailable: 0,
  blocked: 0,
  suppressed: 0,
  accountFault: 0,
  eventTwice: 0,
  eventLate: 0,
  eventLost: 0,
  eventAtOnce: 0,
  eventNotSignalled: 0,
  eventContradicted: 0,
  queuedTooLong: 0,
  lookUpSilent: 0,
  lookUpDeferred: 0,
  exchangeRepeated: 0,
  commandRepeated: 0,
};

/** A stretch of time, epoch milliseconds, in which the provider cannot be relied on at all. */
export interface Outage {
  readonly from: number;
  readonly to: number;
  /** No connection, errors after a request that may have been taken, or calls that are accepted and not dialled. */
  readonly kind: 'unreachable' | 'errors' | 'account';
}

export interface CallLengths {
  /** The longest that a call is queued, and the longest that it lasts. */
  readonly queueMs: number;
  readonly lengthMs: number;
  /** Ordinary calls last up to this; one in fifty lasts up to `lengthMs`. */
  readonly usualMs: number;
}

/** Longer than every time limit of a dial, so that others conclude before a frozen worker wakes. */
const LONGEST_FREEZE_MS = 120_000;
/** Longer than any call: until well after its deadline. */
const LONGEST_EXTRA_QUEUE_MS = 2 * 3_600_000;
/** A client that waits for a statement gives it up then. */
const LONGEST_STATEMENT_MS = DATABASE_LIMITS.queryMs;

/** Outcomes of calls, weighed as they often are: half of the people answer. */
const OUTCOMES: readonly [Outcome, ...Outcome[]] = [
  'completed',
  'completed',
  'completed',
  'no_answer',
  'busy',
  'voicemail',
  'declined',
  'invalid_number',
  'failed',
];

const ACCOUNT_FAULTS = ['blocked:payment_required', 'throttled:concurrency_limit'] as const;

export function seededFaults(
  random: Random,
  rates: FaultRates,
  lengths: CallLengths,
  outages: readonly Outage[],
): WorldModel {
  const happens = (share: number): boolean => share > 0 && random() < share;
  const outage = (now: number): Outage | undefined => outages.find(({ from, to }) => now >= from && now < to);
  const isSilent = (now: number): boolean => (outage(now)?.kind ?? 'account') !== 'account';
  return {
    delay: (step) => {
      const waits = (step === 'roster' || step === 'record') && happens(rates.slowDatabase);
      return delay(step, random, happens(rates.slow)) + (waits ? between(random, 500, LONGEST_STATEMENT_MS) : 0);
    },
    worker: () => workerFate(random, happens(rates.workerDies), happens(rates.workerFreezes)),
    answer: (now) => answer(random, rates, outage(now)),
    life: (_seq, _attempt, now) => {
      const queueMs = happens(rates.queuedTooLong)
        ? between(random, lengths.queueMs + 1, lengths.queueMs + LONGEST_EXTRA_QUEUE_MS)
        : between(random, 0, lengths.queueMs);
      if (outage(now)?.kind === 'account' || happens(rates.accountFault)) {
        return { queueMs, lengthMs: 0, outcome: 'failed', accountFault: oneOf(random, ACCOUNT_FAULTS) };
      }
      return {
        queueMs,
        lengthMs: between(random, 0, happens(0.02) ? lengths.lengthMs : lengths.usualMs),
        outcome: oneOf(random, OUTCOMES),
      };
    },
    deliveries: (now) => (isSilent(now) ? [] : deliveries(random, rates, happens)),
    answersLookUps: (now) => !isSilent(now) && !happens(rates.lookUpSilent),
    defersLookUp: () => happens(rates.lookUpDeferred),
    repeatsCommand: () => happens(rates.commandRepeated),
    losesSignal: () => happens(rates.eventNotSignalled),
    repeatsExchange: () => happens(rates.exchangeRepeated),
    isSuppressed: () => happens(rates.suppressed),
    spread: random,
  };
}

function workerFate(random: Random, dies: boolean, freezes: boolean): WorkerFate {
  if (!dies && !freezes) return LIVES;
  const at = oneOf(random, ['before_record', 'before_sending', 'after_sending'] as const);
  return { at, forMs: dies ? Infinity : between(random, 0, LONGEST_FREEZE_MS) };
}

function delay(step: Step, random: Random, slow: boolean): number {
  const usual = USUAL_MS[step] * (0.5 + random());
  return Math.ceil(slow ? usual * (1 + 100 * random()) : usual);
}

function answer(random: Random, rates: FaultRates, outage: Outage | undefined): Answer {
  if (outage?.kind === 'unreachable') return { kind: 'unavailable', reason: 'connection_refused' };
  if (outage?.kind === 'errors') return { kind: oneOf(random, ['accepts_unheard', 'unheard']) };
  let left = random();
  const isNext = (share: number): boolean => (left -= share) < 0;
  if (isNext(rates.acceptsUnheard)) return { kind: 'accepts_unheard' };
  if (isNext(rates.unheard)) return { kind: 'unheard' };
  if (isNext(rates.rejected)) return { kind: 'rejected', reason: 'invalid_number' };
  if (isNext(rates.throttled)) return { kind: 'throttled', retryAfterMs: oneOf(random, [null, 0, 1_000, 30_000]) };
  if (isNext(rates.unavailable)) return { kind: 'unavailable', reason: 'connection_refused' };
  if (isNext(rates.blocked))
    return { kind: 'blocked', reason: oneOf(random, ['payment_required', 'agent_not_found'] as const) };
  return { kind: 'accepts' };
}

function deliveries(random: Random, rates: FaultRates, happens: (share: number) => boolean): Delivery[] {
  if (happens(rates.eventLost)) return [];
  const arrival = (event: number): Delivery => ({
    afterMs: happens(rates.eventAtOnce) ? 0 : between(random, 20, happens(rates.eventLate) ? 3_600_000 : 500),
    event,
    outcome: null,
    signalled: !happens(rates.eventNotSignalled),
  });
  const arrivals = [arrival(1)];
  if (happens(rates.eventTwice)) arrivals.push(arrival(1));
  if (happens(rates.eventContradicted)) arrivals.push({ ...arrival(2), outcome: 'completed' });
  return arrivals;
}
