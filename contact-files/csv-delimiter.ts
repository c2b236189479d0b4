import { parse } from 'csv-parse/sync';
import { MOST_COLUMNS, namesPhone } from '../domain/contacts/contact-header.ts';
import { mapInTurns } from './turns.ts';

const DELIMITERS = [',', ';', '\t', '|'];
const QUOTE = 0x22;
const LINE_ENDS = new Set([0x0a, 0x0d]);

/** Finds the end of the first record that is not blank, in a text that arrives in pieces. Looks at each byte once. */
export class FirstRecord {
  #quoted = false;
  #blank = true;
  #length = 0;

  /** The position in the whole text where the record ends; -1 if it continues beyond this piece. */
  endIn(piece: Buffer): number {
    for (const [offset, byte] of piece.entries()) {
      if (byte === QUOTE) this.#quoted = !this.#quoted;
      if (!this.#quoted && !this.#blank && LINE_ENDS.has(byte)) return this.#length + offset;
      if (byte > 0x20) this.#blank = false;
    }
    this.#length += piece.length;
    return -1;
  }
}

/**
 * Determines the delimiter of a file by its header alone, because rows contain free text with any of them. The
 * delimiter that gives a phone column wins, then the one that gives most columns. Each is tried in a separate turn.
 */
export async function delimiterOf(header: Buffer): Promise<string> {
  const candidates = await mapInTurns(DELIMITERS, 1, (delimiter) => {
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
    // With this delimiter a quote is in an invalid place.
    return [];
  }
}
