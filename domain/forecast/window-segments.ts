import { dayZoneOf } from '../engine/schedule-fields.ts';
import type { Schedule } from '../windows/schedule.ts';
import { callingWindows, civilDay, HORIZON_MS } from '../windows/windows.ts';

/** A part of a calling window on one civil day, which is what a campaign records as its window. Epoch milliseconds. */
export interface WindowSegment {
  readonly opensAt: number;
  readonly closesAt: number;
  /** The civil date in the zone of the daily cap. */
  readonly day: string;
}

/**
 * The window segments of a schedule from an instant on. They are computed one by one and kept: computing them is most
 * of the work of a forecast over years, and several projections use the same ones.
 */
export class WindowSegments {
  private readonly known: WindowSegment[] = [];
  private readonly source: Generator<WindowSegment, void>;

  constructor(schedule: Schedule, from: number) {
    this.source = segments(schedule, from);
  }

  /** Undefined if nothing opens any more within the search horizon. */
  at(index: number): WindowSegment | undefined {
    while (this.known.length <= index) {
      const { value } = this.source.next();
      if (!value) return undefined;
      this.known.push(value);
    }
    return this.known[index];
  }
}

function* segments(schedule: Schedule, from: number): Generator<WindowSegment, void> {
  let start = from;
  for (;;) {
    let closed = true;
    for (const { opensAt, closesAt } of callingWindows(schedule, start)) {
      start = closesAt ?? opensAt + HORIZON_MS;
      yield* byDays(dayZoneOf(schedule), opensAt, start);
      closed = closesAt !== null;
    }
    // After a window that does not close within the horizon, the search continues at its end.
    if (closed) return;
  }
}

function* byDays(timezone: string, opensAt: number, closesAt: number): Generator<WindowSegment, void> {
  for (let from = opensAt; from < closesAt;) {
    const { date, endsAt } = civilDay(timezone, from);
    const to = Math.min(closesAt, endsAt);
    yield { opensAt: from, closesAt: to, day: date };
    from = to;
  }
}
