/** The envelope of every response of the API. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { mapInTurns } from '../../contact-files/turns.ts';
import type { PageOf } from '../../db/page.ts';
import { ErrorResponse, Meta, Pagination } from '../../domain/api/campaign-responses.ts';
import type { RingfenceError } from '../../domain/engine/errors.ts';
import type { AskedPage } from './page.ts';

/** The schema of a response with `data`, for a route's `response`. */
export function answerOf<T extends z.ZodType>(data: T) {
  return z.object({ data, meta: Meta });
}

export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), meta: Meta, pagination: Pagination });
}

/** The errors that any route of the API may return. */
export const refusals = { '4xx': ErrorResponse, '5xx': ErrorResponse };

export function answer<T>(request: FastifyRequest, data: T) {
  return { data, meta: metaOf(request) };
}

export function list<T, Place>(request: FastifyRequest, asked: AskedPage<Place>, page: PageOf<T, Place>) {
  const { limit, offset } = asked.page;
  const { items, total, totalIsExact, hasMore } = page;
  const pagination = {
    total,
    total_is_exact: totalIsExact,
    limit,
    offset,
    has_more: hasMore,
    next_cursor: asked.cursorAfter(page),
  };
  return { data: items, meta: metaOf(request), pagination };
}

/** Items of a list that are serialized in one turn of the event loop. */
const ITEMS_PER_TURN = 5;

/** The same as `list`, for items that may be too large to be written in one step. */
export async function largeList<T, Place>(
  { request, reply, schema }: { request: FastifyRequest; reply: FastifyReply; schema: z.ZodType<T> },
  asked: AskedPage<Place>,
  found: PageOf<T, Place>,
) {
  const whole = list(request, asked, found);
  const items = await mapInTurns(whole.data, ITEMS_PER_TURN, (item) => JSON.stringify(schema.parse(item)));
  const { data: _written, ...rest } = whole;
  void reply.serializer(() => `{"data":[${items.join(',')}],${JSON.stringify(rest).slice(1)}`);
  return whole;
}

export function errorAnswer(error: RingfenceError, meta: z.infer<typeof Meta>): z.infer<typeof ErrorResponse> {
  const { code, message, field, details } = error;
  return { error: { code, message, details: field === undefined ? details : { field, ...details } }, meta };
}

export function metaOf(request: FastifyRequest): z.infer<typeof Meta> {
  return { request_id: request.id, ts: new Date().toISOString() };
}
