import type { ForecastInput, Pace } from './fast-forward.ts';

/**
 * The same campaign on a connection with a rate. The rate acts like slots that together free one place per dial: as many as calls
 * that begin at this rate are live at a time, each of them for at least its share of the rate.
 */
export function heldToRate(
  input: ForecastInput,
  pace: Pace,
  callsPerSecond: number | null,
): readonly [ForecastInput, Pace] {
  const { spec } = input;
  if (callsPerSecond === null || spec.max_concurrent_calls === 0) return [input, pace];
  const slots = Math.min(spec.max_concurrent_calls, Math.ceil((callsPerSecond * pace.slotMs) / 1_000));
  const slotMs = Math.max(pace.slotMs, (slots / callsPerSecond) * 1_000);
  return [
    { ...input, spec: { ...spec, max_concurrent_calls: slots } },
    { ...pace, slotMs },
  ];
}

/** The same campaign with a share of so many calls in flight. Null: no limit. */
export function heldToShare(input: ForecastInput, callsInFlight: number | null): ForecastInput {
  if (callsInFlight === null) return input;
  const { spec } = input;
  return { ...input, spec: { ...spec, max_concurrent_calls: Math.min(spec.max_concurrent_calls, callsInFlight) } };
}
