import { pipeline } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { readHeader, unparsableFile } from '../domain/contacts/contact-header.ts';
import { type ContactRow, rowReader } from '../domain/contacts/contact-rows.ts';
import type { RingfenceError } from '../domain/engine/errors.ts';
import type { NumberRule } from '../domain/contacts/allowed-numbers.ts';
import type { Country } from '../domain/contacts/phone.ts';
import { delimiterOf, FirstRecord } from './csv-delimiter.ts';
import { LineIndex } from './line-index.ts';
import { nextTurn, Turns } from './turns.ts';
import { utf8Text } from './utf8-text.ts';

/** Maximum size of a row. An unclosed quote includes the rest of the file; no honest row comes near this size. */
const MOST_BYTES_PER_RECORD = 1 << 20;
/** Maximum size of the header, enough for a thousand column names. It is examined in one step. */
const MOST_HEADER_BYTES = 1 << 16;
/** Bytes that are parsed, and rows that are read, in one turn of the event loop. */
const PIECE_BYTES = 4_096;
const ROWS_PER_TURN = 100;

/**
 * Reads a contact file (CSV with a header; comma, semicolon, tab or pipe; UTF-8, or UTF-16 with its byte order mark)
 * row by row, in memory that does not grow with the file. Rows that cannot be imported are yielded with their reason.
 * However fast the file arrives, the event loop gets its turn every hundred rows.
 *
 * @param rule the numbers that may be dialled. Default: those of every country, and of the usual kinds
 * @throws RingfenceError `unparsable_file` if the file as a whole is invalid, which may show only at its end. So a
 *   caller should use the rows only when all of them are read.
 */
export async function* readContactFile(
  source: AsyncIterable<Uint8Array>,
  defaultCountry: Country | null,
  rule?: NumberRule,
): AsyncGenerator<ContactRow> {
  const lines = new LineIndex();
  const text = utf8Text(source, lines);
  const { head, header } = await readHead(text);
  const parser = parse({
    delimiter: await delimiterOf(header),
    // Set, not detected: if it were taken from the first line's end, rows with other ends would become one long row.
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: MOST_BYTES_PER_RECORD,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
  });

  async function* feed(): AsyncGenerator<Buffer> {
    try {
      yield* inPieces(head);
      for await (const bytes of text) {
        yield* inPieces(bytes);
        lines.forgetBefore(parser.info.bytes);
      }
    } finally {
      // The parser may have refused the header already, before the loop that would close the rest was entered.
      await text.return(undefined);
    }
  }

  // An error of the source reaches the loop below through the parser.
  pipeline(feed, parser, () => {});
  let read: ReturnType<typeof rowReader> | undefined;
  let row = 0;
  const turns = new Turns(ROWS_PER_TURN);
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      if (cells.length === 1 && cells[0]?.trim() === '') continue;
      row += 1;
      if (read === undefined) read = rowReader(readHeader(cells), defaultCountry, rule);
      else yield read(row, cells);
      await turns.step();
    }
  } catch (error) {
    throw error instanceof CsvError ? unparsable(error, lines.lineOfQuoteFrom(parser.info.bytes)) : error;
  }
  if (read === undefined) {
    throw unparsableFile('The file is empty. It needs a row of column names and one row per contact.');
  }
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    yield bytes.subarray(at, at + PIECE_BYTES);
    // Blank lines and one long row are parsed without any row being read.
    await nextTurn();
  }
}

/** Reads until the header is complete, and returns everything read so far. */
async function readHead(text: AsyncGenerator<Buffer>): Promise<{ readonly head: Buffer; readonly header: Buffer }> {
  const pieces: Buffer[] = [];
  const first = new FirstRecord();
  for (let length = 0; length <= MOST_HEADER_BYTES;) {
    const next = await text.next();
    if (next.done) {
      const whole = Buffer.concat(pieces);
      return { head: whole, header: whole };
    }
    const end = first.endIn(next.value.subarray(0, MOST_HEADER_BYTES - length));
    pieces.push(next.value);
    length += next.value.length;
    if (end === -1) continue;
    const head = Buffer.concat(pieces);
    return { head, header: head.subarray(0, end) };
  }
  await text.return(undefined);
  throw unparsableFile(
    `The row of column names does not end within the first ${MOST_HEADER_BYTES >> 10} KiB: a quote in it may not be closed. Nothing was imported.`,
  );
}

/** The parser reports the line that it has reached, not the line with the opening quote. */
function unparsable(error: CsvError, line: number): RingfenceError {
  // The parser's own message quotes the file, so it is not passed on.
  return unparsableFile(`${explanation(error, line)} Nothing was imported.`, {
    line,
  });
}

function explanation(error: CsvError, line: number): string {
  switch (error.code as string) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return `The quote that opens on line ${line} is never closed.`;
    case 'CSV_INVALID_CLOSING_QUOTE':
    case 'CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE':
      return `The quote that opens on line ${line} does not close at the end of a field. Close it there, and double ("") those inside the text.`;
    case 'INVALID_OPENING_QUOTE':
      return `A quote stands inside an unquoted field on line ${line}. Quote the whole field and double ("") the quotes inside it.`;
    case 'CSV_MAX_RECORD_SIZE':
      return `A record is longer than 1 MiB; the quote that opens on line ${line} may not be closed.`;
    default:
      return `The file is not readable as CSV near line ${line}.`;
  }
}
