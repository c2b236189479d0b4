/**
 * Cursors: places in lists, as clients carry them from one page to the next. Who made one does not matter, since all that
 * it holds is read as if it were made up; the digest tells apart those that belong elsewhere or were cut short on their way.
 */
import { createHash } from 'node:crypto';

/** The list of which a cursor is: its name, whose it is, and what it is filtered by. */
export type ListKey = readonly (string | undefined)[];

const DIGEST_BYTES = 12;

export function writeCursor(list: ListKey, content: unknown): string {
  const text = Buffer.from(JSON.stringify(content));
  return Buffer.concat([digest(list, text), text]).toString('base64url');
}

/** What was written into the cursor; null where it is not one of this list as it was given out. */
export function readCursor(list: ListKey, cursor: string): unknown {
  const bytes = Buffer.from(cursor, 'base64url');
  const text = bytes.subarray(DIGEST_BYTES);
  // Decoding passes over what is no base64url.
  if (bytes.toString('base64url') !== cursor || !bytes.subarray(0, DIGEST_BYTES).equals(digest(list, text)))
    return null;
  try {
    return JSON.parse(text.toString());
  } catch {
    return null;
  }
}

function digest(list: ListKey, text: Buffer): Buffer {
  // JSON writes what is left out as null, which no filter is.
  const hash = createHash('sha256').update(JSON.stringify(list)).update('\n').update(text);
  return hash.digest().subarray(0, DIGEST_BYTES);
}
