/** Sends one request over HTTP, once, and receives the whole answer. */
import { once } from 'node:events';
import { type ClientRequest, type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** A stream is sent as it is read, in memory that does not grow with it. */
  readonly body: string | AsyncIterable<Uint8Array> | null;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The stream of a body has failed, and not the connection. */
export class BodyError extends Error {}

/**
 * Not by `fetch`, which keeps all of a body that it has sent, follows redirects, and ends a request after five minutes without an
 * answer.
 * @throws BodyError, or what the connection or the signal fails with
 */
export async function sendOnce({ method, url, headers, body }: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  const open = url.protocol === 'https:' ? requestHttps : requestHttp;
  const request = open(url, { method, headers, signal });
  try {
    return await new Promise<HttpAnswer>((resolve, reject) => {
      const answered = new AbortController();
      request.on('error', reject);
      request.once('response', (response) => {
        answered.abort();
        text(response).then(
          (answer) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer }),
          reject,
        );
      });
      if (body === null) request.end();
      else if (typeof body === 'string') request.end(Buffer.from(body));
      else sendStream(request, body, answered.signal).catch(reject);
    });
  } finally {
    // Otherwise a request that was answered before its end would stay open.
    if (!request.writableFinished) request.destroy();
  }
}

/** Sends a body until its end, or until the answer makes the rest superfluous. */
async function sendStream(
  request: ClientRequest,
  body: AsyncIterable<Uint8Array>,
  answered: AbortSignal,
): Promise<void> {
  try {
    for await (const chunk of body) {
      if (answered.aborted || request.destroyed) return;
      // The request reports its failure itself, and an answer is none.
      if (!request.write(chunk)) await once(request, 'drain', { signal: answered }).catch(() => {});
    }
  } catch (cause) {
    throw new BodyError('The file to send cannot be read.', { cause });
  }
  if (!answered.aborted) request.end();
}
