import { type Column, MOST_COLUMNS } from './contact-header.ts';
import type { NumberRule } from './allowed-numbers.ts';
import {
  type Contact,
  type ContactProblem,
  isRegion,
  isStorable,
  looksLikeEmail,
  phoneWithExtension,
} from './contact.ts';
import { readInstant } from './instants.ts';
import type { Country } from './phone.ts';
import { readZoneName, type ReadZoneName } from '../windows/zone-name.ts';

/** The reason why one row is not imported. The other rows are. */
export type RowProblem =
  | ContactProblem
  | 'invalid_timezone'
  | 'invalid_region'
  | 'invalid_priority'
  | 'invalid_not_before'
  | 'invalid_email'
  | 'invalid_text'
  | 'too_many_fields';

/** The result of one row of a contact file. `row` counts the file's records; the header is row 1. */
export type ContactRow = { readonly row: number; readonly contact: Contact } | RowError;

/** The report about a row that was not imported. */
export interface RowError {
  readonly row: number;
  /** The phone field of the file, shortened if it is very long. */
  readonly phone: string;
  readonly reason: RowProblem;
  /** What to write instead, if a zone's name has a meaning that few expect. */
  readonly advice?: string;
}

/** Characters of an invalid phone field that are shown. */
const PHONE_SHOWN = 64;

/** Creates a function that reads single rows of one file. `rule` says which numbers may be dialled. */
export function rowReader(
  columns: readonly Column[],
  defaultCountry: Country | null,
  rule?: NumberRule,
): (row: number, cells: readonly string[]) => ContactRow {
  return (row, cells) => {
    const known: Partial<Record<Column['kind'], string>> = {};
    const custom: Record<string, string> = {};
    let problem: RowProblem | null = null;
    // A row may have half a million cells. Spreadsheets leave blank cells, but no more than they have columns.
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
    const phone = phoneWithExtension(known.phone_number ?? '', known.extension ?? '', defaultCountry, rule);
    if ('reason' in phone) return refused(phone.reason);
    const zone = known.timezone === undefined ? { name: null } : readZoneName(known.timezone);
    if ('problem' in zone) return refused('invalid_timezone', adviceOf(zone));
    if (known.region !== undefined && !isRegion(known.region)) return refused('invalid_region');
    if (known.priority !== undefined && !/^[1-5]$/.test(known.priority)) return refused('invalid_priority');
    const notBefore = known.not_before === undefined ? null : readInstant(known.not_before);
    if (known.not_before !== undefined && notBefore === null) return refused('invalid_not_before');
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
        region: known.region ?? null,
        priority: known.priority === undefined ? null : Number(known.priority),
        not_before: notBefore,
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
