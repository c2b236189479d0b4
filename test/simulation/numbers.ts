/**
 * Placements to numbers over all campaigns of an account, as db/number-placements.ts reads them from the records. What they mean is
 * decided by `domain/dialling/number-limits.ts`.
 */
import { numberHold, type NumberHold, type NumberLimit } from '../../domain/dialling/number-limits.ts';
import { DIAL } from '../../domain/engine/dial-budget.ts';

/** See `REACHES_WITHIN_MS` in db/number-placements.ts. */
const REACHES_WITHIN_MS = DIAL.sendWithinMs + DIAL.longestRequestMs;

interface NumberPlacement {
  lastSentAt: number;
  acceptedAt: number | null;
}

export class VirtualNumbers {
  private readonly placements = new Map<number, Map<string, NumberPlacement>>();

  /** @param numbers how many numbers the contacts of all campaigns have */
  constructor(
    readonly limits: readonly NumberLimit[],
    private readonly numbers: number,
  ) {}

  /** The number of a contact. Contacts of different campaigns have the same ones. */
  of(seq: number): number {
    return seq % this.numbers;
  }

  /** Whether, and for how long, the number must not be called. The call itself does not count. */
  hold(seq: number, callId: string, now: number): NumberHold | null {
    const placed = [...this.placedTo(seq)].filter(([id]) => id !== callId).map(([, placement]) => placement);
    const hold = numberHold(this.limits, placed.map(latest), now);
    return hold && (numberHold(this.limits, placed.map(earliest), now) ?? hold);
  }

  sent(seq: number, callId: string, now: number): void {
    const known = this.placedTo(seq).get(callId);
    if (known) known.lastSentAt = now;
    else this.placedTo(seq).set(callId, { lastSentAt: now, acceptedAt: null });
  }

  accepted(seq: number, callId: string, now: number): void {
    const known = this.placedTo(seq).get(callId);
    if (known) known.acceptedAt ??= now;
  }

  /** Nothing was placed. */
  withdrawn(seq: number, callId: string): void {
    this.placedTo(seq).delete(callId);
  }

  private placedTo(seq: number): Map<string, NumberPlacement> {
    const number = this.of(seq);
    const known = this.placements.get(number);
    if (known) return known;
    const placed = new Map<string, NumberPlacement>();
    this.placements.set(number, placed);
    return placed;
  }
}

/** A placement without an answer counts from an instant between its last try and the last moment at which it can arrive. */
function earliest({ lastSentAt, acceptedAt }: NumberPlacement): number {
  return acceptedAt === null ? lastSentAt : Math.min(acceptedAt, lastSentAt + REACHES_WITHIN_MS);
}

function latest({ lastSentAt, acceptedAt }: NumberPlacement): number {
  return Math.min(acceptedAt ?? Infinity, lastSentAt + REACHES_WITHIN_MS);
}
