import { isUtf8 } from 'node:buffer';
import { unparsableFile } from '../domain/contacts/contact-header.ts';
import type { LineIndex } from './line-index.ts';

const LF = 0x0a;
/** Length of the longest byte sequence that identifies a type of file. */
const MARK_BYTES = 4;
/** The beginnings of a zipped (xlsx) and an old (xls) Excel workbook. */
const WORKBOOKS = [Buffer.from('504b0304', 'hex'), Buffer.from('d0cf11e0', 'hex')];

/**
 * Converts a text file to UTF-8 without a byte order mark, and counts its lines in `lines`. UTF-16 is converted if it
 * has its mark. Any other encoding is refused, because a guess would silently garble names.
 *
 * @throws RingfenceError `unparsable_file` at the first byte that is not text, with its line
 */
export async function* utf8Text(source: AsyncIterable<Uint8Array>, lines: LineIndex): AsyncGenerator<Buffer> {
  for await (const bytes of wholeCharacters(withoutMark(source))) {
    refuseBinary(bytes, lines);
    lines.add(bytes);
    yield bytes;
  }
}

async function* withoutMark(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let head = Buffer.alloc(0);
  let decode: ((bytes: Buffer) => Buffer) | null = null;
  for await (const chunk of source) {
    if (decode !== null) {
      yield decode(asBuffer(chunk));
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < MARK_BYTES) continue;
    decode = decoderFor(head);
    yield decode(head);
  }
  if (decode === null) yield decoderFor(head)(head);
}

function decoderFor(head: Buffer): (bytes: Buffer) => Buffer {
  if (WORKBOOKS.some((mark) => head.subarray(0, mark.length).equals(mark))) {
    throw unparsableFile('This is an Excel workbook. Save it as "CSV UTF-8" and send that file.');
  }
  if (head[0] === 0xff && head[1] === 0xfe) return utf16Decoder('utf-16le');
  if (head[0] === 0xfe && head[1] === 0xff) return utf16Decoder('utf-16be');
  let skip = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  return (bytes) => {
    const text = bytes.subarray(skip);
    skip = 0;
    return text;
  };
}

function utf16Decoder(encoding: 'utf-16le' | 'utf-16be'): (bytes: Buffer) => Buffer {
  const decoder = new TextDecoder(encoding);
  return (bytes) => Buffer.from(decoder.decode(bytes, { stream: true }));
}

/** Moves the borders between chunks so that none of them splits a character. */
async function* wholeCharacters(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of source) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = lastBorder(bytes);
    rest = Buffer.from(bytes.subarray(end));
    if (end > 0) yield bytes.subarray(0, end);
  }
  if (rest.length > 0) yield rest;
}

/** The end of the last complete character; the end of the bytes if they are not UTF-8 anyway. */
function lastBorder(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

function refuseBinary(bytes: Buffer, lines: LineIndex): void {
  const valid = isUtf8(bytes);
  if (valid && !bytes.includes(0)) return;
  // No byte of a longer UTF-8 character looks like a line feed, so each line can be judged by itself.
  let start = 0;
  for (let end = bytes.indexOf(LF); end !== -1 && isText(bytes.subarray(start, end)); end = bytes.indexOf(LF, start)) {
    start = end + 1;
  }
  lines.add(bytes.subarray(0, start));
  throw unparsableFile(
    valid
      ? `Line ${lines.lastLine} holds a NUL character, so this is not a text file, or one in UTF-16 without its mark. Save it as UTF-8.`
      : `Line ${lines.lastLine} is not UTF-8. Save the file as UTF-8 (in Excel: "CSV UTF-8").`,
    { line: lines.lastLine },
  );
}

function isText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
