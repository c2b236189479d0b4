/** Calling hours in words, for people. */
import { hoursOf } from './calling-hours.ts';
import { CONTACT_ZONE, type EngineSchedule } from './schedule-fields.ts';

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** `Mon-Fri 10:00-13:00, 14:00-20:00; Sat 10:00-12:00 (Europe/Paris), except holidays of FR`. */
export function hoursInWords(schedule: EngineSchedule): string {
  const byDays = new Map<string, string[]>();
  for (const { days, start, end } of hoursOf(schedule)) {
    const named = daysInWords(days);
    const span = start === '00:00' && end === '24:00' ? 'the whole day' : `${start}-${end}`;
    byDays.set(named, [...(byDays.get(named) ?? []), span]);
  }
  const hours = [...byDays].map(([days, spans]) => `${days} ${spans.join(', ')}`).join('; ');
  const holidays = schedule.holidays === null ? '' : `, except holidays of ${schedule.holidays}`;
  const zone = schedule.timezone === CONTACT_ZONE ? "each contact's own time zone" : schedule.timezone;
  return `${hours} (${zone})${holidays}`;
}

/** `every day`, `Mon-Fri`, `Mon, Wed, Sat-Sun`. */
export function daysInWords(days: readonly number[]): string {
  if (days.length === DAYS.length) return 'every day';
  const parts: string[] = [];
  for (let day = 1; day <= DAYS.length; day++) {
    if (!days.includes(day)) continue;
    const first = day;
    while (days.includes(day + 1)) day += 1;
    parts.push(first === day ? nameOf(day) : `${nameOf(first)}-${nameOf(day)}`);
  }
  return parts.join(', ');
}

function nameOf(day: number): string {
  return DAYS[day - 1] ?? '';
}
