import { RingfenceError } from '../engine/errors.ts';
import { ZONE_DATA_VERSION, zoneHistory, type ZoneHistory } from './zone-data.ts';

export const DAY_MS = 86_400_000;

/** The longest span, so that a search for an end can stop. */
const LONGEST_SPAN_MS = 32 * DAY_MS;

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
 * The data ends in 2499; the offset that holds then is taken to hold for ever.
 *
 * @throws RingfenceError `validation_error` for a zone that the data does not have and for an instant that is not a date.
 */
export function offsetAt(timezone: string, at: number): number {
  const zone = knownZone(timezone);
  return zone.offsets[stretchAt(zone, at)] ?? 0;
}

/**
 * The time line from `from` on, cut into adjoining spans of constant offset. A span ends at a change of offset or when it
 * has become long, so neighbours may carry the same offset. Endless; throws as `offsetAt` does.
 */
export function* constantOffsets(timezone: string, from: number): Generator<OffsetSpan, never> {
  const zone = knownZone(timezone);
  let stretch = stretchAt(zone, from);
  let start = from;
  for (;;) {
    const end = zone.ends[stretch] ?? Infinity;
    const to = Math.min(end, start + LONGEST_SPAN_MS);
    yield { from: start, to, offset: zone.offsets[stretch] ?? 0 };
    start = to;
    if (to === end) stretch += 1;
  }
}

/** Which stretch of the zone an instant lies in. */
function stretchAt({ ends }: ZoneHistory, at: number): number {
  if (Number.isNaN(new Date(at).getTime())) {
    throw new RingfenceError('validation_error', 'at lies outside the range of dates', { field: 'at' });
  }
  let first = 0;
  let last = ends.length - 1;
  while (first < last) {
    const middle = (first + last) >>> 1;
    if (at < (ends[middle] ?? Infinity)) last = middle;
    else first = middle + 1;
  }
  return first;
}

function knownZone(timezone: string): ZoneHistory {
  const zone = zoneHistory(timezone);
  if (zone) return zone;
  throw new RingfenceError(
    'validation_error',
    `timezone is not in the IANA data ${ZONE_DATA_VERSION} of this program: use a name such as "Europe/Berlin", or update the program`,
    { field: 'timezone' },
  );
}
