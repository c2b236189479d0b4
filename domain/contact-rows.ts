import type { Column } from './contact-header.ts';
import { type Contact, type ContactProblem, isStorable, looksLikeEmail, phoneWithExtension } from './contact.ts';
import type { Country } from './phone.ts';
import { canonicalZoneName } from './zone-name.ts';

/** Why one row does not import. The rows around it do. */
export type RowProblem = ContactProblem | 'invalid_timezone' | 'invalid_email' | 'invalid_text' | 'too_many_fields';

/** One row of a contact file, decided. `row` counts the file's records, the header being row 1. */
export type ContactRow =
  | { readonly row: number; readonly contact: Contact }
  | { readonly row: number; readonly phone: string; readonly reason: RowProblem };

/** What an import tells about a row that it could not take. */
export interface RowError {
  readonly row: number;
  /** The phone field as it stands in the file, cut when it is very long. */
  readonly phone: string;
  readonly reason: RowProblem;
}

/** How many characters of a phone field that makes no sense are shown again. */
const PHONE_SHOWN = 64;

/** Makes the decision on single rows of one file. */
export function rowReader(
  columns: readonly Column[],
  defaultCountry: Country | null,
): (row: number, cells: readonly string[]) => ContactRow {
  return (row, cells) => {
    const known: Partial<Record<Column['kind'], string>> = {};
    const custom: Record<string, string> = {};
    let problem: RowProblem | null = null;
    if (cells.length > columns.length && cells.slice(columns.length).some((cell) => cell.trim() !== '')) {
      problem = 'too_many_fields';
    }
    for (const [index, column] of columns.entries()) {
      const value = cells[index]?.trim() ?? '';
      if (value === '') continue;
      if (column.kind === 'unnamed') problem = 'too_many_fields';
      else if (column.kind === 'custom') custom[column.name] = value;
      else known[column.kind] = value;
      if (!isStorable(value)) problem ??= 'invalid_text';
    }
    const refused = (reason: RowProblem): ContactRow => ({ row, phone: shown(known.phone_number), reason });

    if (problem !== null) return refused(problem);
    const phone = phoneWithExtension(known.phone_number ?? '', known.extension ?? '', defaultCountry);
    if ('reason' in phone) return refused(phone.reason);
    const timezone = known.timezone === undefined ? null : canonicalZoneName(known.timezone);
    if (known.timezone !== undefined && timezone === null) return refused('invalid_timezone');
    if (known.email !== undefined && !looksLikeEmail(known.email)) return refused('invalid_email');
    return {
      row,
      contact: {
        phone_number: phone.e164,
        extension: phone.extension,
        first_name: known.first_name ?? null,
        last_name: known.last_name ?? null,
        email: known.email ?? null,
        timezone,
        custom_fields: custom,
      },
    };
  };
}

function shown(phone: string | undefined): string {
  return (phone ?? '').slice(0, PHONE_SHOWN);
}
