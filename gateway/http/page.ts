import { z } from 'zod';
import type { Page, PageOf } from '../../db/page.ts';
import type { RingfenceError } from '../../domain/engine/errors.ts';
import { type ListKey, readCursor, writeCursor } from './cursor.ts';
import { validationError } from './validation.ts';

const LIMIT = 'limit must be a whole number from 1 to 100';
/** Skipped items are read, so a larger offset would be slow. Beyond it clients need a cursor. */
export const MOST_LEFT_OUT = 10_000;
const OFFSET = `offset must be a whole number from 0 to ${MOST_LEFT_OUT}; to read further, send the next_cursor of a page as cursor`;
const CURSOR =
  'cursor must be the next_cursor of the page before, as it came, with the same path and filters; leave cursor out to begin with the first page';
const BOTH = 'offset cannot be combined with cursor, which already gives the start of the page: leave offset out';
/** A place may contain a folder's name or an event's id, encoded in base64. */
const LONGEST_CURSOR = 4_000;

/** The paging parameters, for the query of every route that returns a list. */
export const pageShape = {
  limit: z.coerce
    .number(LIMIT)
    .int(LIMIT)
    .min(1, LIMIT)
    .max(100, LIMIT)
    .describe('The maximum number of items on a page.')
    .default(50),
  cursor: z
    .string(CURSOR)
    .min(1, CURSOR)
    .max(LONGEST_CURSOR, CURSOR)
    .describe(
      'The `next_cursor` of the previous page. A page costs the same everywhere in the list, and changes of the list neither repeat nor hide an item. Use the cursor with the same list and the same filters; `limit` may differ.',
    )
    .optional(),
  offset: z.coerce
    .number(OFFSET)
    .int(OFFSET)
    .min(0, OFFSET)
    .max(MOST_LEFT_OUT, OFFSET)
    .describe('The number of items to skip. Use `cursor` for long lists.')
    .default(0),
};
type PageQuery = z.infer<z.ZodObject<typeof pageShape>>;

/** Places by a sequence number. */
export const Seq = z.int().min(0);
/** Places by time. */
export const Microseconds = z.int().min(0);

const Counted = z.strictObject({ total: z.int().min(0), totalIsExact: z.boolean() });

/** The requested page of a list, and the cursor of the page after it. */
export interface AskedPage<Place> {
  readonly page: Page<Place>;
  readonly cursorAfter: (page: PageOf<unknown, Place>) => string | null;
}

/**
 * Reads the paging parameters.
 *
 * @throws RingfenceError `validation_error` for a cursor of another list, or of this list with other filters
 */
export function readPage<Place>(list: ListKey, query: PageQuery, place: z.ZodType<Place>): AskedPage<Place> {
  const { limit, cursor, offset } = query;
  const cursorAfter = ({ next, total, totalIsExact }: PageOf<unknown, Place>) =>
    next === null ? null : writeCursor(list, { after: next, counted: { total, totalIsExact } });
  if (cursor === undefined) return { page: { limit, offset }, cursorAfter };
  if (offset !== 0) throw refusal('offset', BOTH);
  const read = z.strictObject({ after: place, counted: Counted }).safeParse(readCursor(list, cursor));
  if (!read.success) throw refusal('cursor', CURSOR);
  return { page: { limit, offset, ...read.data }, cursorAfter };
}

function refusal(field: string, message: string): RingfenceError {
  return validationError([{ code: 'custom', path: [field], message, input: undefined }]);
}
