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

/** Shorter ones also occur by chance inside other words, for example in a phone number. */
const SHORTEST_LONG_SECRET = 16;

/**
 * Replaces each of the secrets wherever it occurs in the request. A short one is replaced in the headers and where it is a whole word.
 *
 * @param secrets the secrets as they appear there: for Basic authentication the base64 text, not the password
 */
export function maskSecrets(request: PlacementRequest, secrets: readonly string[]): PreviewedRequest {
  const longestFirst = secrets.filter((secret) => secret !== '').sort((a, b) => b.length - a.length);
  const mask = (text: string) => longestFirst.reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
  const maskWords = (text: string) => longestFirst.reduce(maskWord, text);
  return {
    method: request.method,
    url: maskWords(request.url),
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, mask(value)])),
    body: maskWords(request.body),
  };
}

/** A percent-encoded character ends a word. */
function maskWord(text: string, secret: string): string {
  if (secret.length >= SHORTEST_LONG_SECRET) return text.replaceAll(secret, MASK);
  const literal = secret.replaceAll(/[^A-Za-z0-9]/g, String.raw`\$&`);
  return text.replaceAll(new RegExp(`(?<=^|[^A-Za-z0-9]|%[0-9A-Fa-f]{2})${literal}(?![A-Za-z0-9])`, 'g'), MASK);
}
