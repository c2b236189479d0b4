/** What a ledger of accepted calls says about slots that several campaigns share. Instants are epoch milliseconds. */
import type { TimedCall } from './statistics.ts';

/** From an instant to a later one. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The most calls in flight at once. A call that ends at the instant at which another begins counts no more. */
export function peakOf(calls: readonly TimedCall[]): number {
  return Math.max(0, ...levels(calls).map(({ inFlight }) => inFlight));
}

/** From the first full second to the last one. A second is full if all slots were in use at an instant in it. Null: none was. */
export function fullSpan(calls: readonly TimedCall[], slots: number): Span | null {
  const steps = levels(calls);
  const full = steps.flatMap(({ at, inFlight }, index) =>
    inFlight >= slots ? [{ from: at, to: steps[index + 1]?.at ?? at }] : [],
  );
  const first = full[0];
  const last = full.at(-1);
  if (!first || !last) return null;
  return { from: Math.floor(first.from / 1_000) * 1_000, to: (Math.floor(last.to / 1_000) + 1) * 1_000 };
}

/** The part of the slots that was in use. */
export function utilisationIn(calls: readonly TimedCall[], slots: number, span: Span): number {
  return slotTime(calls, span) / slots / (span.to - span.from);
}

/** By how much the slot time of the campaign that is farthest off differs from an equal part, as a part of that. */
export function farthestFromEqual(campaigns: readonly (readonly TimedCall[])[], span: Span): number {
  const times = campaigns.map((calls) => slotTime(calls, span));
  const equal = times.reduce((sum, time) => sum + time, 0) / campaigns.length;
  return Math.max(...times.map((time) => Math.abs(time / equal - 1)));
}

/** How long calls were in flight in the span, together. */
function slotTime(calls: readonly TimedCall[], { from, to }: Span): number {
  return calls.reduce((sum, { accepted_at: begin, ended_at: end }) => {
    return sum + Math.max(0, Math.min(end ?? to, to) - Math.max(begin, from));
  }, 0);
}

function levels(calls: readonly TimedCall[]): { readonly at: number; readonly inFlight: number }[] {
  const steps = calls.flatMap(({ accepted_at, ended_at }) => [
    { at: accepted_at, by: 1 },
    ...(ended_at === null ? [] : [{ at: ended_at, by: -1 }]),
  ]);
  let inFlight = 0;
  return steps.sort((a, b) => a.at - b.at || a.by - b.by).map(({ at, by }) => ({ at, inFlight: (inFlight += by) }));
}
