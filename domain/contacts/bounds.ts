/**
 * Records that are refused for their size alone, and names that are shown shortened. A list with `.max` is refused by zod
 * before any item is read; a record has no such limit, and would be read whole first.
 */
import { z } from 'zod';

/** The schema of a record, read only when it has no more than `most` fields. */
export function boundedRecord<T extends z.ZodType>(most: number, message: string, record: T) {
  return z
    .preprocess((value: z.input<T>, context) => {
      if (typeof value !== 'object' || value === null || !hasMoreFields(value, most)) return value;
      return refuse(context, message);
    }, record)
    .meta({ maxProperties: most });
}

const NAMES_SHOWN = 3;
/** Names of fields that are not ours are the caller's own words, and may be as long as the body. */
const LONGEST_NAME = 200;

/** The first few of the names that a request should not hold, for a message. */
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

/** Looks at no more than one field beyond those that may be there. */
function hasMoreFields(value: object, most: number): boolean {
  let fields = 0;
  for (const _field in value) {
    fields += 1;
    if (fields > most) return true;
  }
  return false;
}
