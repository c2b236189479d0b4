import { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import type { z } from 'zod';
import { RingfenceError } from '../domain/engine/errors.ts';
import { type ApiOptions, gatewayAway, readAnswer, urlOf } from '../client/http-api.ts';

export interface Upload {
  /** Below the root, with its query. */
  readonly path: string;
  readonly contentType: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * Sends a body of any size to the gateway as it is read, in memory that does not grow with it, and reads the answer. There
 * is no time-out: the gateway ends an upload that stalls.
 * @throws RingfenceError with the gateway's own code, what `bytes` throws, or `api_unreachable`.
 */
export async function uploadToApi<T>(
  api: ApiOptions,
  { path, contentType, bytes }: Upload,
  data: z.ZodType<T>,
): Promise<T> {
  let failure: unknown;
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      yield* bytes;
    } catch (error) {
      // A client of HTTP reports this as trouble of the connection.
      failure = error;
      throw error;
    }
  }
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  try {
    // Not by fetch, which keeps all that it has sent in case it must send it again.
    const response = await request(urlOf(api, path), {
      method: 'POST',
      headers: { authorization: `Bearer ${api.key}`, 'content-type': contentType },
      body: Readable.from(body()),
      dispatcher,
    });
    const { statusCode: status, headers } = response;
    const head = {
      ok: status >= 200 && status <= 299,
      status,
      headers: { get: (name: string) => headers[name]?.toString() ?? null },
    };
    return readAnswer(head, await response.body.json(), data).data;
  } catch (error) {
    if (failure !== undefined) throw failure;
    throw error instanceof RingfenceError ? error : gatewayAway(error);
  } finally {
    await dispatcher.destroy();
  }
}
