/**
 * A run goes through storms, in which everything is disturbed, and lulls, in which nothing is. In a lull the audit sees
 * what has to go on by itself: a campaign that may call calls, or says truly why not. A short run is one storm.
 */
export interface Phase {
  readonly kind: 'storm' | 'lull';
  /** Milliseconds from the beginning of the run. */
  readonly from: number;
  readonly to: number;
}

/** A minute in which campaigns have to call, and the time in which the slowest process notices that all is well again. */
export const LULL_MS = 75_000;
const CYCLE_MS = 165_000;

export function planPhases(durationMs: number): Phase[] {
  if (durationMs < CYCLE_MS) return [{ kind: 'storm', from: 0, to: durationMs }];
  const cycle = durationMs / Math.round(durationMs / CYCLE_MS);
  return Array.from({ length: Math.round(durationMs / cycle) }, (_, index): Phase[] => {
    const from = Math.round(index * cycle);
    const to = Math.round((index + 1) * cycle);
    return [
      { kind: 'storm', from, to: to - LULL_MS },
      { kind: 'lull', from: to - LULL_MS, to },
    ];
  }).flat();
}
