/** Finds dates and times that have a valid form but do not exist. */
import { z } from 'zod';

const CalendarDate = z.iso.date();
const BEGINS_WITH_DATE = /^(\d{4}-\d\d-\d\d)(?!\d)/;
const THEN_A_TIME = /^[Tt ](\d\d:\d\d(?::\d\d)?)(?!\d)/;
const ENDS_WITH_OFFSET = /[+-](\d\d):?(\d\d)$/;
const TIME = /^(?:[01]\d|2[0-3])(?::[0-5]\d){1,2}$/;
/** Longer than any real time. */
const LONGEST_READ = 100;

/**
 * The part of a date or a time that does not exist, such as `the date 2026-02-30, which does not exist`. Null if everything
 * exists, or if the text has another form.
 */
export function nonexistentPart(text: unknown): string | null {
  if (typeof text !== 'string' || text.length > LONGEST_READ) return null;
  const date = BEGINS_WITH_DATE.exec(text)?.[1];
  if (date === undefined) return null;
  if (!CalendarDate.safeParse(date).success) return `the date ${date}, which does not exist`;
  const rest = text.slice(date.length);
  const time = THEN_A_TIME.exec(rest)?.[1];
  if (time === undefined) return null;
  if (!TIME.test(time)) return `the time ${time}, which does not exist`;
  const [offset, hours = '', minutes = ''] = ENDS_WITH_OFFSET.exec(rest) ?? [];
  return offset === undefined || TIME.test(`${hours}:${minutes}`) ? null : `the offset ${offset}, which does not exist`;
}
