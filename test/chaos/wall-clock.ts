/**
 * Wall time in a zone, by a library's calendar and by nothing of the engine's: the audit must not find a day right because
 * both count it in the same wrong way. The data is that of the engine, for the runtime's own may be older.
 */
import moment, { type UnpackedZone } from 'moment-timezone';
import packed from 'moment-timezone/data/packed/latest.json' with { type: 'json' };

export interface WallTime {
  /** YYYY-MM-DD. */
  readonly date: string;
  /** HH:MM. */
  readonly time: string;
}

export function wallTime(timezone: string, at: number): WallTime {
  const { untils, offsets } = zoneNamed(timezone);
  const minutesBehind = offsets[untils.findIndex((until) => at < until)] ?? 0;
  const local = moment.utc(at - minutesBehind * 60_000);
  return { date: local.format('YYYY-MM-DD'), time: local.format('HH:mm') };
}

/**
 * The zones of this package's own data. The library of holidays brings an older copy of the package, and whichever copy is
 * loaded last answers for `moment.tz(...)`.
 */
const zoneNamed = (() => {
  const packedZones = new Map(packed.zones.map((zone) => [zone.split('|', 1)[0], zone]));
  const targets = new Map(packed.links.map((link) => link.split('|', 2).toReversed() as [string, string]));
  const zones = new Map<string, UnpackedZone>();
  return (timezone: string): UnpackedZone => {
    const known = zones.get(timezone);
    if (known) return known;
    const found = packedZones.get(targets.get(timezone) ?? timezone);
    if (found === undefined) throw new Error(`no zone ${timezone} in the data`);
    const zone = moment.tz.unpack(found);
    zones.set(timezone, zone);
    return zone;
  };
})();

export interface Hours {
  readonly timezone: string;
  readonly start_time: string | null;
  readonly end_time: string | null;
  /** Null with `calling_hours`. */
  readonly working_days: readonly number[] | null;
  /** Windows by weekday, instead of the three fields above. */
  readonly calling_hours?: readonly HoursWindow[] | null;
}

interface HoursWindow {
  readonly days: readonly number[];
  readonly start: string;
  readonly end: string;
}

/** Whether a schedule is open at an instant. Hours whose start is later than their end reach into the next morning. */
export function isOpenAt(hours: Hours, at: number): boolean {
  const { date, time } = wallTime(hours.timezone, at);
  const { start_time: start, end_time: end, working_days: days, calling_hours } = hours;
  if (calling_hours) return calling_hours.some((window) => isWithin(window, date, time));
  return isWithin({ days: days ?? [1, 2, 3, 4, 5], start: start ?? '00:00', end: end ?? '24:00' }, date, time);
}

function isWithin({ days, start, end }: HoursWindow, date: string, time: string): boolean {
  const works = (day: string) => days.includes(isoWeekday(day));
  if (start < end) return start <= time && time < end && works(date);
  return (start <= time && works(date)) || (time < end && works(dayBefore(date)));
}

function isoWeekday(date: string): number {
  return ((new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7) + 1;
}

function dayBefore(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}
