import moment from 'moment-timezone';
import { canonicalZoneName } from '../../domain/windows/zone-name.ts';
import { draw } from '../../simulator/draw.ts';
import { wallTime } from './wall-clock.ts';

const ZONES = moment.tz.names().filter((zone) => zone.includes('/') && canonicalZoneName(zone) === zone);

/** A zone where it is about noon, so that no day ends during a run. */
export function zoneAtMidday(seed: string, at: number): string {
  const zones = ZONES.filter((zone) => {
    const hour = Number(wallTime(zone, at).time.slice(0, 2));
    return hour >= 9 && hour < 16;
  });
  return zones[Math.floor(draw(seed, 'zone') * zones.length)] ?? 'UTC';
}

/** A zone where a day ends between two instants; null when there is none, for zones differ by quarters of an hour. */
export function zoneWithMidnight(from: number, to: number): string | null {
  return ZONES.find((zone) => wallTime(zone, from).date < wallTime(zone, to).date) ?? null;
}
