import { z } from 'zod';
import { isStorable } from '../domain/contacts/contact.ts';

/** Schemas of single fields in a provider's messages. A field that is missing or of another type reads as undefined. */

const MILLISECONDS_FROM = 100_000_000_000;
const LATEST = Date.UTC(2100, 0, 1);

/** Short enough for an event id of up to 200 characters, which also contains the event's name. */
export const Id = z
  .union([z.string().min(1).max(180).refine(isStorable), z.int().nonnegative().transform(String)])
  .optional()
  .catch(undefined);

export const Word = z.string().trim().min(1).max(100).refine(isStorable).optional().catch(undefined);

/** An instant as ISO text, Unix seconds or milliseconds, read as epoch milliseconds. */
export const Instant = z
  .union([z.string().max(40), z.number()])
  .transform((value, context) => {
    const ms = typeof value === 'string' ? Date.parse(value) : value < MILLISECONDS_FROM ? value * 1000 : value;
    if (ms > 0 && ms < LATEST) return Math.round(ms);
    context.addIssue('not an instant');
    return z.NEVER;
  })
  .optional()
  .catch(undefined);
