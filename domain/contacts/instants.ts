import { z } from 'zod';
import { nonexistentPart } from '../engine/dates.ts';

/** Fractions of a second may have any length. */
const LONGEST_INSTANT = 400;
const WithOffset = z.iso.datetime({ offset: true }).max(LONGEST_INSTANT);
/** The database knows no year 0, and responses no year of five digits. */
const FIRST_YEAR = 1970;
const LAST_YEAR = 9999;

/**
 * Reads an instant with Z or an offset, such as `2026-03-20T14:30:00+01:00`. A time without an offset means another instant in each
 * time zone, and is refused.
 *
 * @returns the instant in UTC; null if the text is none
 */
export function readInstant(text: string): string | null {
  if (!WithOffset.safeParse(text).success || nonexistentPart(text) !== null) return null;
  const instant = new Date(text);
  const year = instant.getUTCFullYear();
  return year < FIRST_YEAR || year > LAST_YEAR ? null : instant.toISOString();
}

/** An instant with Z or an offset in a request. Its output is in UTC. */
export function instantInput(field: string): z.ZodType<string, string> {
  const message = `${field} must be an instant with Z or an offset, such as 2026-03-20T14:30:00Z, from 1970 on`;
  return z
    .string(message)
    .max(LONGEST_INSTANT, { error: message, abort: true })
    .refine((text) => readInstant(text) !== null, message)
    .overwrite((text) => readInstant(text) ?? text);
}
