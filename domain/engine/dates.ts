/** Dates and instants as people write them: what is wrong with one that has the form and names nothing. */
import { z } from 'zod';

const CalendarDate = z.iso.date();
const BEGINS_WITH_DATE = /^(\d{4}-\d\d-\d\d)(?!\d)/;
const THEN_A_TIME = /^[Tt ](\d\d:\d\d(?::\d\d)?)(?!\d)/;
const ENDS_WITH_OFFSET = /[+-](\d\d):?(\d\d)$/;
const TIME = /^(?:[01]\d|2[0-3])(?::[0-5]\d){1,2}$/;
/** Far more than any instant that is meant as one. */
const LONGEST_READ = 100;

/**
 * Which part of a date or an instant does not exist, such as `the date 2026-02-30, which does not exist`. Null for one that
 * exists, and for a text of another form.
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
