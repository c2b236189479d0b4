/**
 * An edit as it comes in from outside: from our own clients, or made by hand in the Web UI. What it has the engine do and what
 * it has written down as the campaign's terms must be one and the same, or a run that adopts the records goes on by others.
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

/** Fields that are left out and fields that change nothing are the same. */
function isSame(one: SpecChange, other: SpecChange): boolean {
  return inOneForm(one) === inOneForm(other);
}

function inOneForm(stated: SpecChange): string | null {
  const change = SpecChange.safeParse(stated).data;
  if (!change) return null;
  const { schedule = {}, retry = {}, ...rest } = change;
  return JSON.stringify([rest, schedule, retry]);
}
