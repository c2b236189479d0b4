/** Readers of option values, for Commander's `.option(flags, description, reader)`. Each refusal says what would do. */
import { InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { nonexistentPart } from '../domain/engine/dates.ts';

const Instant = z.union([z.iso.datetime({ offset: true }), z.iso.datetime({ offset: true, precision: -1 })]);

/** An instant as epoch milliseconds. A local time without an offset is refused: it may be no instant at all, or two. */
export function instant(value: string): number {
  if (!Instant.safeParse(value).success) {
    const missing = nonexistentPart(value);
    throw new InvalidArgumentError(
      missing === null
        ? 'Give an instant with Z or an offset, such as 2026-03-20T21:30:00Z or 2026-03-20T17:30:00-04:00.'
        : `It names ${missing}: correct it.`,
    );
  }
  return Date.parse(value);
}

/** A whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) {
      throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
    }
    return number;
  };
}

/** The parts of a value with commas between them. */
export function list(value: string): string[] {
  return value.split(',').map((part) => part.trim());
}

/** A short text of one line. `what` names it. */
export function shortText(what: string): (value: string) => string {
  const Text = z
    .string()
    .trim()
    .min(1)
    .max(255)
    .regex(/^[^\p{Cc}]*$/u);
  return (value) => {
    const read = Text.safeParse(value);
    if (!read.success) throw new InvalidArgumentError(`The ${what} must be 1 to 255 characters.`);
    return read.data;
  };
}
