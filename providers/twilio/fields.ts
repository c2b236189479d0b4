import { z } from 'zod';
import { isStorable } from '../../domain/contacts/contact.ts';

/** Schemas of single fields in Twilio's messages. A field that is missing or of another type reads as undefined. */

/**
 * Twilio's SIDs have 32 hex digits, and its own examples fewer. What matters is that one is a word that can stand in a
 * path: an event must not be lost because SIDs have become longer.
 */
const SID = /^CA[0-9A-Za-z]{8,98}$/;

export function isCallSid(text: string): boolean {
  return SID.test(text);
}

export const CallSid = z.string().refine(isCallSid);

export const Word = z.string().trim().min(1).max(100).refine(isStorable).optional().catch(undefined);

const LATEST = Date.UTC(2100, 0, 1);
const RFC_2822 = /^(?:[A-Za-z]{3}, )?\d{1,2} [A-Za-z]{3} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}$/;

/** An instant as RFC 2822 text with its offset, read as epoch milliseconds. */
export const Instant = z
  .string()
  .regex(RFC_2822)
  .transform((text, context) => {
    const ms = Date.parse(text);
    if (ms > 0 && ms < LATEST) return ms;
    context.addIssue('not an instant');
    return z.NEVER;
  })
  .optional()
  .catch(undefined);
