/** What makes two requests the same: method, path, query and body, in whatever order and white space they are written. */
import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { canonical, hashBody } from './body-hash.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it was sent, before defaults were filled in. */
    sentBody: unknown;
  }
}

/**
 * SHA-256 of the request. Call it once the request is valid: an unchecked body may be nested too deeply to be traversed, and an
 * id in the path may be written in capitals. A body that the route ignores does not count, and neither does an uploaded
 * file, which is known only at its end.
 */
export async function fingerprintOf({ routeOptions, params, query, sentBody }: FastifyRequest): Promise<Buffer> {
  const { method, url, schema } = routeOptions;
  const hash = createHash('sha256').update(canonical([method, url, params, query]));
  if (schema?.body !== undefined) hash.update(await hashBody(sentBody));
  return hash.digest();
}
