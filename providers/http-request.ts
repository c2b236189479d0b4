/** The request that an adapter sends to place a call, and how it is shown without secrets. */
import type { Dispatcher } from 'undici';

/** One HTTP request. `place` sends it and `preview` shows it, so both come from the same function of an adapter. */
export interface PlacementRequest {
  readonly method: 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A placement request to look at: every secret is replaced by `***`. The body is the text that would be sent. */
export type PreviewedRequest = PlacementRequest;

const MASK = '***';

/** The form in which undici sends the request. */
export function toDispatch({ method, url, headers, body }: PlacementRequest): Dispatcher.DispatchOptions {
  const { origin, pathname, search } = new URL(url);
  return { origin, path: pathname + search, method, headers, body };
}

/**
 * Replaces each of the secrets wherever it occurs in the request.
 *
 * @param secrets the secrets as they appear there: for Basic authentication the base64 text, not the password
 */
export function maskSecrets(request: PlacementRequest, secrets: readonly string[]): PreviewedRequest {
  const longestFirst = secrets.filter((secret) => secret !== '').sort((a, b) => b.length - a.length);
  const mask = (text: string) => longestFirst.reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
  return {
    method: request.method,
    url: mask(request.url),
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, mask(value)])),
    body: mask(request.body),
  };
}
