/**
 * Limits for the number of fields of a record, and shortened names for messages. zod refuses a list over its `.max`
 * before it reads any item. It has no such limit for records, and would read them as a whole first.
 */
import { z } from 'zod';

/** The schema of a record that is read only if it has at most `most` fields. */
export function boundedRecord<T extends z.ZodType>(most: number, message: string, record: T) {
  return z
    .preprocess((value: z.input<T>, context) => {
      if (typeof value !== 'object' || value === null || !hasMoreFields(value, most)) return value;
      return refuse(context, message);
    }, record)
    .meta({ maxProperties: most });
}

const NAMES_SHOWN = 3;
/** Unknown field names are the caller's text, which may be as long as the body. */
const LONGEST_NAME = 200;

/** The first few unknown field names of a request, for a message. */
export function namesOf(keys: readonly string[]): string {
  const shown = keys.slice(0, NAMES_SHOWN).map(shortened).join(', ');
  return keys.length > NAMES_SHOWN ? `${shown} and ${keys.length - NAMES_SHOWN} more` : shown;
}

export function shortened(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
}

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}

/** Looks at one field more than the limit at most. */
function hasMoreFields(value: object, most: number): boolean {
  let fields = 0;
  for (const _field in value) {
    fields += 1;
    if (fields > most) return true;
  }
  return false;
}
