import { DIAL } from '../../domain/engine/dial-budget.ts';
import { dialSpacingMs } from '../../domain/dialling/dial-spacing.ts';

/** What a dial that asks for an instant is told. `afterMs`: when it is to come again. */
export type VirtualReservation =
  | { readonly kind: 'reserved'; readonly instant: number; readonly waitMs: number }
  | { readonly kind: 'later'; readonly afterMs: number }
  | { readonly kind: 'too_late' };

/** The rate of a connection, which campaigns may share. It reserves instants as db/connection-rate.ts does. */
export class VirtualRate {
  private nextAt = -Infinity;
  private toldAt = -Infinity;
  private readonly spacing: number;

  constructor(readonly callsPerSecond: number) {
    this.spacing = dialSpacingMs(callsPerSecond);
  }

  /** @param missed an instant that the same dial could not use, to be given back if none was reserved after it */
  reserve(now: number, withinMs: number, missed: number | null): VirtualReservation {
    const { spacing } = this;
    const mostAhead = now + DIAL.reserveAheadMs;
    const next = missed !== null && this.nextAt === missed + spacing ? missed : this.nextAt;
    const instant = Math.max(now, Math.min(next, mostAhead + spacing));
    if (instant - now <= withinMs) {
      this.nextAt = instant + spacing;
      return { kind: 'reserved', instant, waitMs: instant - now };
    }
    this.nextAt = instant;
    if (instant <= mostAhead) return { kind: 'too_late' };
    const told = Math.min(Math.max(this.toldAt, instant), now + DIAL.longestWaitMs);
    this.toldAt = told + spacing;
    return { kind: 'later', afterMs: told - now };
  }
}
