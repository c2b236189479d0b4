/** Calling windows for machines and for people. */
import { type CallingWindow, HORIZON_MS } from '../domain/windows/windows.ts';
import { DAY_MS, offsetAt } from '../domain/windows/zone-offsets.ts';
import { table, utcText } from './output.ts';

export function asJson(windows: readonly CallingWindow[]) {
  return windows.map(({ opensAt, closesAt }) => ({
    opens_at: utcText(opensAt),
    closes_at: closesAt === null ? null : utcText(closesAt),
  }));
}

/** Local times are those of the zone. */
export function asTable(windows: readonly CallingWindow[], timezone: string): string[] {
  const horizonDays = HORIZON_MS / DAY_MS;
  if (windows.length === 0) return [`No window opens within ${horizonDays} days.`];
  const rows = windows.map(({ opensAt, closesAt }) => [
    localText(opensAt, timezone),
    closesAt === null ? `not within ${horizonDays} days` : localText(closesAt, timezone),
    utcText(opensAt),
    closesAt === null ? '' : utcText(closesAt),
  ]);
  return table([`Opens (${timezone})`, 'Closes', 'Opens (UTC)', 'Closes (UTC)'], rows);
}

/** Wall time with its offset, which tells the two passes through a repeated hour apart: `Mon 2026-03-23 10:00 -04:00`. */
function localText(at: number, timezone: string): string {
  const offset = offsetAt(timezone, at);
  const wallTime = new Date(at + offset);
  const weekday = wallTime.toLocaleDateString('en-GB', { weekday: 'short', timeZone: 'UTC' });
  const [date = '', time = ''] = utcText(wallTime.getTime()).replace('Z', '').split('T');
  const distance = utcText(Math.abs(offset)).slice(11).replace('Z', '');
  return `${weekday} ${date} ${withoutZeroSeconds(time)} ${offset < 0 ? '-' : '+'}${withoutZeroSeconds(distance)}`;
}

function withoutZeroSeconds(time: string): string {
  return time.replace(/^(\d\d:\d\d):00$/, '$1');
}
