import { parse } from 'csv-parse/sync';
import { MOST_COLUMNS, namesPhone } from '../domain/contact-header.ts';

const DELIMITERS = [',', ';', '\t', '|'];
const QUOTE = 0x22;
const LINE_ENDS = new Set([0x0a, 0x0d]);

/** Where the first record that is not blank ends, or -1 when the text does not reach that far. */
export function endOfFirstRecord(text: Buffer): number {
  let quoted = false;
  let blank = true;
  for (const [offset, byte] of text.entries()) {
    if (byte === QUOTE) quoted = !quoted;
    if (!quoted && !blank && LINE_ENDS.has(byte)) return offset;
    if (byte > 0x20) blank = false;
  }
  return -1;
}

/**
 * Which delimiter a file uses, judged by its header alone: rows hold free text, in which any of them may stand. The one
 * that brings out a phone column wins, then the one that brings out most columns.
 */
export function delimiterOf(header: Buffer): string {
  const candidates = DELIMITERS.map((delimiter) => {
    const cells = cellsUnder(delimiter, header);
    return { delimiter, phone: namesPhone(cells.slice(0, MOST_COLUMNS)), columns: cells.length };
  });
  const [best] = candidates.sort((a, b) => Number(b.phone) - Number(a.phone) || b.columns - a.columns);
  return best?.delimiter ?? ',';
}

function cellsUnder(delimiter: string, header: Buffer): readonly string[] {
  try {
    const [cells = []] = parse(header, {
      delimiter,
      to: 1,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
    });
    return cells;
  } catch {
    // Under this delimiter a quote stands where none may stand.
    return [];
  }
}
