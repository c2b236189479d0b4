/** What a ledger of accepted calls says about how well slots were kept full. Instants are epoch milliseconds. */

export interface TimedCall {
  readonly accepted_at: number;
  readonly ended_at: number | null;
}

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** By the nearest rank; of nothing they are 0. */
export function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/**
 * From the end of a call at the provider to the acceptance of the call that took its place: the k-th end frees the slot
 * of the call that was accepted k-th after the first `slots`. The way of the webhook is in it.
 */
export function refillTimes(calls: readonly TimedCall[], slots: number): number[] {
  const accepted = calls.map(({ accepted_at }) => accepted_at).toSorted((a, b) => a - b);
  const ended = calls.flatMap(({ ended_at }) => ended_at ?? []).toSorted((a, b) => a - b);
  return accepted.slice(slots).flatMap((at, k) => (ended[k] === undefined ? [] : [at - ended[k]]));
}

/** The time that these calls would take with every slot full throughout, over the time that they took: 1 is the most. */
export function utilisation(calls: readonly TimedCall[], slots: number): number {
  const first = Math.min(...calls.map(({ accepted_at }) => accepted_at));
  const last = Math.max(...calls.map(({ accepted_at, ended_at }) => ended_at ?? accepted_at));
  const talked = calls.reduce((sum, { accepted_at, ended_at }) => sum + ((ended_at ?? accepted_at) - accepted_at), 0);
  return last > first ? talked / slots / (last - first) : 0;
}

/** From the first acceptance to the last end. */
export function secondsOf(calls: readonly TimedCall[]): number {
  const first = Math.min(...calls.map(({ accepted_at }) => accepted_at));
  return (Math.max(...calls.map(({ ended_at }) => ended_at ?? 0)) - first) / 1000;
}

export function callsPerSecond(calls: readonly TimedCall[]): number {
  return rounded(calls.length / secondsOf(calls), 1);
}

export function rounded(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}
