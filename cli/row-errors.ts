import type { ImportResponse } from '../domain/api/contact-responses.ts';
import { table } from './output.ts';

/** How many rows that do not import are shown to people. */
const SHOWN = 20;

/** The rows of a contact file that do not import, for people: the first in a table, and which command lists all. */
export function rowErrors(details: ImportResponse['error_details'], errors: number, listsAll: string): string[] {
  if (errors === 0) return [];
  const first = details.slice(0, SHOWN);
  const shown = first.map(({ row, phone, reason }) => [`${row}`, reason, phone]);
  const advice = new Set(first.flatMap((detail) => (detail.advice === undefined ? [] : [`timezone ${detail.advice}`])));
  const more = errors > shown.length ? [`... and ${errors - shown.length} more; ${listsAll} lists all of them.`] : [];
  return ['', ...table(['Row', 'Reason', 'Phone field'], shown), ...more, ...advice];
}
