import { type Column, MOST_COLUMNS } from './contact-header.ts';
import { type Contact, type ContactProblem, isStorable, looksLikeEmail, phoneWithExtension } from './contact.ts';
import type { Country } from './phone.ts';
import { readZoneName, type ReadZoneName } from '../windows/zone-name.ts';

/** Why one row does not import. The rows around it do. */
export type RowProblem = ContactProblem | 'invalid_timezone' | 'invalid_email' | 'invalid_text' | 'too_many_fields';

/** One row of a contact file, decided. `row` counts the file's records, the header being row 1. */
export type ContactRow = { readonly row: number; readonly contact: Contact } | RowError;

/** What an import tells about a row that it could not take. */
export interface RowError {
  readonly row: number;
  /** The phone field as it stands in the file, cut when it is very long. */
  readonly phone: string;
  readonly reason: RowProblem;
  /** What to write, where a zone's name exists but means something else than it says. */
  readonly advice?: string;
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
    // A row may have half a million cells. Spreadsheets leave blank ones behind, but no more than they have columns.
    if (cells.length > MOST_COLUMNS || cells.slice(columns.length).some((cell) => cell.trim() !== '')) {
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
    const refused = (reason: RowProblem, advice: { advice?: string } = {}): ContactRow => ({
      row,
      phone: shown(known.phone_number),
      reason,
      ...advice,
    });

    if (problem !== null) return refused(problem);
    const phone = phoneWithExtension(known.phone_number ?? '', known.extension ?? '', defaultCountry);
    if ('reason' in phone) return refused(phone.reason);
    const zone = known.timezone === undefined ? { name: null } : readZoneName(known.timezone);
    if ('problem' in zone) return refused('invalid_timezone', adviceOf(zone));
    if (known.email !== undefined && !looksLikeEmail(known.email)) return refused('invalid_email');
    return {
      row,
      contact: {
        phone_number: phone.e164,
        extension: phone.extension,
        first_name: known.first_name ?? null,
        last_name: known.last_name ?? null,
        email: known.email ?? null,
        timezone: zone.name,
        custom_fields: custom,
      },
    };
  };
}

function adviceOf({ problem, misleading }: Extract<ReadZoneName, { problem: string }>): { advice?: string } {
  return misleading ? { advice: problem } : {};
}

function shown(phone: string | undefined): string {
  return (phone ?? '').slice(0, PHONE_SHOWN);
}
