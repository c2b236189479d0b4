/** Hours as an option takes them: `1-5 10:00-13:00,14:00-20:00; 6 10:00-12:00`. */
import type { HoursWindow } from '../domain/engine/calling-hours.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { list } from './options.ts';

export const HOURS_FORM = '"1-5 10:00-13:00,14:00-20:00; 6 10:00-12:00"';

/** Days, then spans of time. The schema judges the times. */
const PART = /^(?<days>[\d\s,-]*?\d)\s+(?<spans>\d{1,2}:\S.*)$/;
const SPAN = /^(?<start>\d{1,2}:\d{2})\s*-\s*(?<end>\d{1,2}:\d{2})$/;
const RANGE = /^(?<first>[1-7])(?:\s*-\s*(?<last>[1-7]))?$/;

/** One window for each span of each part. Days are 1 (Monday) to 7 (Sunday), as a list, a range or both. */
export function callingHours(value: string, option: string): HoursWindow[] {
  return value.split(';').flatMap((part) => {
    const { days, spans } = PART.exec(part.trim())?.groups ?? {};
    if (days === undefined || spans === undefined) throw misread(part, option);
    const named = daysOf(days, option);
    return list(spans).map((span) => {
      const { start, end } = SPAN.exec(span)?.groups ?? {};
      if (start === undefined || end === undefined) throw misread(part, option);
      return { days: named, start, end };
    });
  });
}

function daysOf(text: string, option: string): number[] {
  const days = new Set<number>();
  for (const range of list(text)) {
    const { first, last = first } = RANGE.exec(range)?.groups ?? {};
    if (first === undefined || Number(first) > Number(last)) throw misread(text, option);
    for (let day = Number(first); day <= Number(last); day++) days.add(day);
  }
  return [...days].sort((a, b) => a - b);
}

function misread(part: string, option: string): RingfenceError {
  const message = `${option} cannot be read at "${part.trim()}": write days from 1 (Monday) to 7 (Sunday), then hours, such as ${HOURS_FORM}`;
  return new RingfenceError('validation_error', message, { field: option });
}
