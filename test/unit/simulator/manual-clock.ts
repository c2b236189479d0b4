import type { Clock } from '../../../simulator/clock.ts';

export interface ManualClock extends Clock {
  /** Runs what falls due in the next `ms`, each at its own instant. */
  advance(ms: number): void;
  pending(): number;
}

/** A clock that stands still until it is told to go on. */
export function manualClock(start = 1_000_000): ManualClock {
  let now = start;
  let order = 0;
  const timers = new Map<number, { at: number; work: () => void }>();
  return {
    now: () => now,
    after(ms, work) {
      order += 1;
      const id = order;
      timers.set(id, { at: now + ms, work });
      return () => timers.delete(id);
    },
    advance(ms) {
      const until = now + ms;
      for (;;) {
        const due = [...timers].filter(([, { at }]) => at <= until).sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
        if (due === undefined) break;
        timers.delete(due[0]);
        now = due[1].at;
        due[1].work();
      }
      now = until;
    },
    pending: () => timers.size,
  };
}
