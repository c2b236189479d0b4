import { RingfenceError } from '../engine/errors.ts';
import { ZONE_DATA_VERSION, zoneHistory, type ZoneHistory } from './zone-data.ts';

export const DAY_MS = 86_400_000;

/** The longest span, so that a search for an end can stop. */
const LONGEST_SPAN_MS = 32 * DAY_MS;

/** A span of time [from, to) with a constant offset, epoch milliseconds. */
export interface OffsetSpan {
  readonly from: number;
  readonly to: number;
  /** Local wall time minus UTC, in milliseconds. */
  readonly offset: number;
}

/**
 * Local wall time minus UTC at an instant, in milliseconds. This direction is always defined and unique, unlike the
 * conversion of a wall time into an instant, which Ringfence never needs. The data ends in 2499; the last offset is
 * assumed to hold forever.
 *
 * @throws RingfenceError `validation_error` for a zone that the data does not have and for an instant that is not a
 *   date
 */
export function offsetAt(timezone: string, at: number): number {
  const zone = knownZone(timezone);
  return zone.offsets[stretchAt(zone, at)] ?? 0;
}

/**
 * The time line from `from` on, cut into adjoining spans of constant offset. A span ends at a change of offset or at
 * its maximum length, so neighbours may have the same offset. Endless; throws as `offsetAt` does.
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

/** A text for the zone's clock between two instants. Zones with the same text show the same time then. */
export function clockBetween(timezone: string, from: number, until: number): string {
  const changes: string[] = [];
  let before: number | null = null;
  for (const { from: at, offset } of constantOffsets(timezone, from)) {
    if (at >= until) break;
    if (offset !== before) changes.push(`${at} ${offset}`);
    before = offset;
  }
  return changes.join();
}

/** The index of the zone's period that contains an instant. */
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
