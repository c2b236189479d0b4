import { IANAZone } from 'luxon';
import { RingfenceError } from './errors.ts';
import { canonicalZoneName } from './zone-name.ts';

export const DAY_MS = 86_400_000;

/**
 * How far apart the offset is sampled when looking for changes. Two changes inside one step that cancel each other out
 * would be overlooked; the closest such pair in the whole IANA database lies almost four days apart (Freetown, 1939),
 * the closest since 2000 almost seven.
 */
const STEP_MS = DAY_MS;

/** A stretch of time [from, to), epoch milliseconds, through which a zone's offset does not change. */
export interface OffsetSpan {
  readonly from: number;
  readonly to: number;
  /** Local wall time minus UTC, in milliseconds. */
  readonly offset: number;
}

/**
 * Local wall time minus UTC at an instant, both in milliseconds. This direction is always defined and unique, unlike
 * the way from a wall time to an instant, which Ringfence never asks for.
 *
 * Throws `validation_error` for a zone that is unknown here and for an instant that is not a date.
 */
export function offsetAt(timezone: string, at: number): number {
  return offsetIn(knownZone(timezone), at);
}

/**
 * The time line from `from` on, cut into adjoining spans of constant offset. A span ends at a change of offset or at
 * the end of a sampling step, so neighbours may carry the same offset. Endless; throws as `offsetAt` does.
 */
export function* constantOffsets(timezone: string, from: number): Generator<OffsetSpan, never> {
  const zone = knownZone(timezone);
  let start = from;
  let offset = offsetIn(zone, start);
  for (;;) {
    const ahead = start + STEP_MS;
    const offsetAhead = offsetIn(zone, ahead);
    const to = offsetAhead === offset ? ahead : firstChange(zone, start, ahead);
    yield { from: start, to, offset };
    offset = to === ahead ? offsetAhead : offsetIn(zone, to);
    start = to;
  }
}

/** The first instant after `before` at which the offset differs; it is known to differ at `after`. */
function firstChange(zone: IANAZone, before: number, after: number): number {
  const offset = offsetIn(zone, before);
  let same = before;
  let changed = after;
  while (changed - same > 1) {
    const middle = Math.floor((same + changed) / 2);
    if (offsetIn(zone, middle) === offset) same = middle;
    else changed = middle;
  }
  return changed;
}

function offsetIn(zone: IANAZone, at: number): number {
  // Luxon gives minutes, with a fraction where old local mean times have seconds.
  const offset = Math.round(zone.offset(at) * 60_000);
  if (Number.isNaN(offset)) throw new RingfenceError('validation_error', 'the instant lies outside the range of dates');
  return offset;
}

const zones = new Map<string, IANAZone>();

function knownZone(timezone: string): IANAZone {
  let zone = zones.get(timezone);
  if (!zone) {
    if (canonicalZoneName(timezone) === null) {
      throw new RingfenceError(
        'validation_error',
        'timezone is not known on this machine: use an IANA name such as "Europe/Berlin", or update its time zone data',
        { field: 'timezone' },
      );
    }
    zone = IANAZone.create(timezone);
    zones.set(timezone, zone);
  }
  return zone;
}
