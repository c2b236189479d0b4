import { createReadStream, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readContactFile } from '../../../contact-files/contact-file.ts';
import { delimiterOf } from '../../../contact-files/csv-delimiter.ts';
import type { ContactRow } from '../../../domain/contacts/contact-rows.ts';
import { mostPerTurn, turnsDuring } from '../../support/probes/turns.ts';

const HEADER = 'phone_number,first_name,plan\n';

/** The bytes in pieces of the given sizes, over and over. */
function* inPieces(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function* stream(bytes: Uint8Array, sizes: readonly number[] = [bytes.length]): AsyncGenerator<Uint8Array> {
  yield* inPieces(bytes, sizes);
}

async function rowsOf(file: AsyncIterable<Uint8Array> | string | Buffer): Promise<ContactRow[]> {
  const source = typeof file === 'string' || Buffer.isBuffer(file) ? stream(Buffer.from(file)) : file;
  const rows = [];
  for await (const row of readContactFile(source, 'US')) rows.push(row);
  return rows;
}

/** What an import would count, worked out the plain way. */
function counted(rows: readonly ContactRow[]) {
  const people = rows.flatMap((row) =>
    'contact' in row ? [`${row.contact.phone_number} ${row.contact.extension}`] : [],
  );
  const imported = new Set(people).size;
  return { imported, skipped: people.length - imported, errors: rows.length - people.length };
}

interface Case {
  readonly file: string;
  readonly imported: number;
  readonly skipped?: number;
  readonly errors?: number;
  readonly status?: number;
}
const CASES = new URL('../../cases/', import.meta.url);
const { cases } = JSON.parse(readFileSync(new URL('csv.json', CASES), 'utf8')) as { cases: Case[] };

describe('readContactFile', () => {
  it.each(cases)('$file', async ({ file, imported, skipped, errors, status }) => {
    const reading = rowsOf(createReadStream(new URL(`csv/${file}`, CASES)));
    if (status === undefined) expect(counted(await reading)).toEqual({ imported, skipped, errors });
    else
      await expect(reading).rejects.toMatchObject({
        code: 'unparsable_file',
        message: expect.stringMatching(/line 3\b/),
      });
  });

  it('counts records, not lines, and does not count blank lines', async () => {
    const rows = await rowsOf('\n\nphone,note\n\n+14155552671,"one\ntwo"\r\n  \r\n\r\n911,x\n\n');
    expect(rows).toMatchObject([
      { row: 2, contact: { custom_fields: { note: 'one\ntwo' } } },
      { row: 3, phone: '911', reason: 'invalid_phone' },
    ]);
  });

  it.each([
    ['phone;note\n+14155552671;"a;b, c, d"\n', 'a;b, c, d'],
    ['Phone;"Last, first";note\n+14155552671;;x\n', 'x'],
    ['phone\tnote\n+14155552671\ta, b; c\n', 'a, b; c'],
    ['phone|note\n+14155552671|a,b\n', 'a,b'],
    ['"note";"phone";"Address, line 1, line 2"\nx;+14155552671;\n', 'x'],
    ['phone , "note"\n +14155552671 , "x" \n', 'x'],
    ['phone,note\r+14155552671,x\r', 'x'],
    ['phone,note\n+14155552671,x', 'x'],
    ['phone,note\r\n+14155552671,"say ""hi"""', 'say "hi"'],
  ])('finds the delimiter of %j', async (text, note) => {
    expect(await rowsOf(text)).toMatchObject([{ contact: { phone_number: '+14155552671', custom_fields: { note } } }]);
  });

  it.each([
    ['utf8 with its mark', Buffer.from('\ufeffphone,first_name\n+14155552671,Zoë\n')],
    ['utf16le with its mark', Buffer.from('\ufeffphone,first_name\n+14155552671,Zoë\n', 'utf16le')],
    ['utf16be with its mark', Buffer.from('\ufeffphone,first_name\n+14155552671,Zoë\n', 'utf16le').swap16()],
  ])('reads %s, cut anywhere', async (_, bytes) => {
    for (const size of [1, 2, 3, 5, bytes.length]) {
      expect(await rowsOf(stream(bytes, [size]))).toMatchObject([{ contact: { first_name: 'Zoë' } }]);
    }
  });

  it.each<[what: string, file: string | Buffer, message: RegExp]>([
    ['nothing', '', /empty/],
    ['blank lines alone', '\n \n', /empty/],
    ['no phone column', 'name,city\nAnn,Rome\n', /found: "name", "city"/],
    [
      'an unclosed quote',
      `${HEADER}\n+14155552671,"A\nB",\n+14155552672,"Bo\n+14155552673,Cy\n`,
      /opens on line 5 is never closed/,
    ],
    [
      'an unclosed quote that a later one closes',
      `${HEADER}+14155552671,"Bo\n+14155552672,"Cy",x\n`,
      /opens on line 2 does not close/,
    ],
    [
      'an unclosed quote before a long rest',
      `${HEADER}+14155552671,"Bo\n${'+14155552672,Cy\n'.repeat(90_000)}`,
      /longer than 1 MiB.*line 2\b/,
    ],
    ['text after a closing quote', `${HEADER}+14155552671,"Bo" x,\n`, /opens on line 2 does not close/],
    ['a quote inside plain text', `${HEADER}+14155552671,Ann,\n+14155552672,5" nails,\n`, /unquoted field on line 3/],
    ['an unclosed quote in the header', 'phone,"name\n+14155552671,x\n', /opens on line 1 is never closed/],
    ['Latin-1', Buffer.from(`${HEADER}+14155552671,Zoë,\n`, 'latin1'), /Line 2 is not UTF-8/],
    ['a character that is cut off', Buffer.from(`${HEADER}+14155552671,Zoë`).subarray(0, -1), /Line 2 is not UTF-8/],
    ['UTF-16 without its mark', Buffer.from(HEADER, 'utf16le'), /Line 1 holds a NUL/],
    ['NUL', `${HEADER}+14155552671,A\0,\n`, /Line 2 holds a NUL/],
    ['a workbook', Buffer.from('504b030414000600', 'hex'), /Excel workbook/],
  ])('refuses %s', async (_, file, message) => {
    const bytes = Buffer.from(file);
    for (const sizes of [[bytes.length], [7, 4_096]]) {
      await expect(rowsOf(stream(bytes, sizes))).rejects.toMatchObject({
        code: 'unparsable_file',
        message: expect.stringMatching(message),
      });
    }
  });

  it.each([
    ['good rows', `${HEADER}${'+14155552671,Ann,basic\n'.repeat(3_000)}`, 3_000],
    ['rows that do not import', `${HEADER}${'x\n'.repeat(3_000)}`, 3_000],
    ['rows of many cells', `${HEADER}${`+14155552671${','.repeat(2_000)}\n`.repeat(200)}`, 200],
  ])('reads a hundred %s in one turn of the event loop, however fast the file comes', async (_, file, rows) => {
    let read = 0;
    const most = await mostPerTurn(
      async () => {
        for await (const _row of readContactFile(stream(Buffer.from(file)), 'US')) read += 1;
      },
      () => read,
    );
    expect(read).toBe(rows);
    expect(most).toBeLessThanOrEqual(101);
  });

  it.each([
    ['blank lines', `${HEADER}${'\n'.repeat(500_000)}`],
    ['one row of blank cells', `${HEADER}${','.repeat(500_000)}\n`],
    ['one long cell', `${HEADER}${'x'.repeat(500_000)}\n`],
  ])('parses four kilobytes of %s in one turn of the event loop', async (_, file) => {
    const turns = await turnsDuring(() => rowsOf(file));
    expect(turns).toBeGreaterThanOrEqual(500_000 / 4_096);
  });

  it.each([
    ['columns', `phone${',c'.repeat(500_000)}\n+14155552671\n`],
    ['empty columns', `phone${','.repeat(500_000)}\n+14155552671\n`],
    ['accents', `${'\u0316\u0301'.repeat(200_000)},phone\n,+14155552671\n`],
    ['quoted line breaks', `phone,"${'\n'.repeat(500_000)}"\n+14155552671,\n`],
    ['blank lines before it', `${'\n'.repeat(500_000)}phone\n+14155552671\n`],
  ])('reads no more than 64 KiB of a header of %s', async (_, file) => {
    let read = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for (const piece of inPieces(Buffer.from(file), [4_096])) {
        read += piece.length;
        yield piece;
      }
    }
    await expect(rowsOf(counted())).rejects.toMatchObject({
      code: 'unparsable_file',
      message: expect.stringMatching(/does not end within the first 64 KiB/),
    });
    // A piece more, in which its end could have stood, and one that was read ahead.
    expect(read).toBeLessThanOrEqual(65_536 + 2 * 4_096);
  });

  it('tries each delimiter on the header in a separate turn', async () => {
    const header = Buffer.from(`phone${',c'.repeat(900)}`);
    expect(await turnsDuring(() => delimiterOf(header))).toBeGreaterThanOrEqual(4);
  });

  it('hands on an error of its source', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(`${HEADER}+14155552671,Ann,\n`);
      throw new Error('connection lost');
    }
    await expect(rowsOf(broken())).rejects.toThrow('connection lost');
  });

  it.each([
    ['the reader has had enough', '+14155552671,Ann,\n'],
    ['the first bytes make no sense', '+14155552671,"A"nn,\n'],
  ])('closes its source when %s', async (_, rows) => {
    let closed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.from(HEADER + rows.repeat(1_000));
      } finally {
        closed = true;
      }
    }
    const reading = async () => {
      for await (const { row } of readContactFile(endless(), null)) if (row > 2_000) break;
    };
    await reading().catch((error: unknown) => expect(error).toMatchObject({ code: 'unparsable_file' }));
    await expect.poll(() => closed).toBe(true);
  });

  it('gives back what was written, whatever the delimiter, the quoting, the line ends and the borders of chunks', async () => {
    const cell = fc
      .oneof(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.stringMatching(/^[,;|\t"\r\n a-zß]{0,8}$/))
      .filter((text) => !text.includes('\0'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(',', ';', '\t', '|'),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.boolean(),
        fc.boolean(),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
        async (people, delimiter, lineEnd, alwaysQuote, mark, sizes) => {
          const quoted = (text: string) =>
            alwaysQuote || /[",;|\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
          const lines = [
            ['Phone', 'First, name; or nick|name', 'first_name'],
            ...people.map(([note, name]) => ['(415) 555-2671', note, name]),
          ].map((cells) => cells.map(quoted).join(delimiter) + lineEnd);
          const file = Buffer.from((mark ? '\ufeff' : '') + lines.join(''));
          expect(await rowsOf(stream(file, sizes))).toEqual(
            people.map(([note, name], index) => ({
              row: index + 2,
              contact: expect.objectContaining({
                phone_number: '+14155552671',
                first_name: name.trim() || null,
                custom_fields: note.trim() === '' ? {} : { first_name_or_nick_name: note.trim() },
              }),
            })),
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});
