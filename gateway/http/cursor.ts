/**
 * Cursors: places in lists, which clients carry from one page to the next. A cursor needs no protection against
 * forgery, because its content is validated like any other input. The digest detects cursors of other lists and
 * truncated ones.
 */
import { createHash } from 'node:crypto';

/** The list that a cursor belongs to: its name, its account and its filters. */
export type ListKey = readonly (string | undefined)[];

const DIGEST_BYTES = 12;

export function writeCursor(list: ListKey, content: unknown): string {
  const text = Buffer.from(JSON.stringify(content));
  return Buffer.concat([digest(list, text), text]).toString('base64url');
}

/** The content of the cursor; null unless it is a cursor of this list, unchanged. */
export function readCursor(list: ListKey, cursor: string): unknown {
  const bytes = Buffer.from(cursor, 'base64url');
  const text = bytes.subarray(DIGEST_BYTES);
  // Decoding ignores characters that are not base64url.
  if (bytes.toString('base64url') !== cursor || !bytes.subarray(0, DIGEST_BYTES).equals(digest(list, text)))
    return null;
  try {
    return JSON.parse(text.toString());
  } catch {
    return null;
  }
}

function digest(list: ListKey, text: Buffer): Buffer {
  // JSON writes an absent filter as null, which is never the value of a filter.
  const hash = createHash('sha256').update(JSON.stringify(list)).update('\n').update(text);
  return hash.digest().subarray(0, DIGEST_BYTES);
}
