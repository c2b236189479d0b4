/**
 * Checks an edit from outside: from a Ringfence client, or made by hand in the Web UI. Its change and its recorded terms must
 * agree. Otherwise a run that adopts the records would continue with other terms.
 */
import { z } from 'zod';
import { EditTerms, SpecChange, specChange } from './spec-change.ts';

export const StatedEdit = z
  .strictObject({ change: SpecChange, terms: EditTerms })
  .refine(({ change, terms }) => isSame(change, specChange(terms)), {
    error: 'terms must state what change says, in the words of the API',
    path: ['terms'],
  });
export type StatedEdit = z.infer<typeof StatedEdit>;

/** Treats missing fields and undefined fields alike. */
function isSame(one: SpecChange, other: SpecChange): boolean {
  return inOneForm(one) === inOneForm(other);
}

function inOneForm(stated: SpecChange): string | null {
  const change = SpecChange.safeParse(stated).data;
  if (!change) return null;
  const { schedule = {}, retry = {}, ...rest } = change;
  return JSON.stringify([rest, schedule, retry]);
}
