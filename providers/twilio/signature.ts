import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { RingfenceError } from '../../domain/engine/errors.ts';
import type { ReceivedWebhook } from '../port.ts';
import { MORE_TRIES } from './request.ts';

const HEADER = 'X-Twilio-Signature';
/** The parameter that Twilio adds to the query where the body is not a form. */
const BODY_HASH = 'bodySHA256';

/**
 * The signature of a webhook: base64 HMAC-SHA1 of the URL, followed by name and value of each parameter of the form in
 * the order of the names. Of several values of one name, each counts once, in order.
 */
export function signTwilio(authToken: string, url: string, form: URLSearchParams): string {
  const names = [...new Set(form.keys())].sort();
  const parameters = names.flatMap((name) => [...new Set(form.getAll(name))].sort().map((value) => name + value));
  return createHmac('sha1', authToken)
    .update(url + parameters.join(''))
    .digest('base64');
}

/**
 * Checks a webhook's signature. It contains no time, so a webhook has no age: a replayed one is recognised by its event
 * id alone.
 *
 * @throws RingfenceError `invalid_signature` if no token gives this signature, `misconfigured` without a public URL
 */
export function verifyTwilio(authTokens: readonly string[], { rawBody, headers, url }: ReceivedWebhook): void {
  if (url === null) {
    throw new RingfenceError(
      'misconfigured',
      'Twilio signs the URL that it calls, and no public URL is configured: set webhook_base_url in the connection.',
      { field: 'webhook_base_url' },
    );
  }
  const signature = headers['x-twilio-signature'];
  if (typeof signature !== 'string' || !/^[A-Za-z0-9+/]{27}=$/.test(signature)) {
    throw invalid(`${HEADER} must be given once, as 28 characters of base64.`);
  }
  const bodyHash = new URL(url).searchParams.get(BODY_HASH);
  if (bodyHash !== null && !isHashOf(bodyHash, rawBody)) {
    throw invalid(`The body does not have the SHA-256 that the signed URL states in ${BODY_HASH}.`);
  }
  const form = new URLSearchParams(bodyHash === null ? rawBody.toString('utf8') : '');
  const given = Buffer.from(signature, 'base64');
  const matches = authTokens.flatMap((token) =>
    spellingsOf(url).map((spelling) =>
      timingSafeEqual(given, Buffer.from(signTwilio(token, spelling, form), 'base64')),
    ),
  );
  if (!matches.includes(true)) {
    throw invalid(
      'The signature does not match this URL and body with any configured auth token: compare the token with the account that placed the call, and the public URL with the one that Twilio calls.',
    );
  }
}

function invalid(message: string): RingfenceError {
  return new RingfenceError('invalid_signature', message, { field: HEADER });
}

function isHashOf(hash: string, body: Buffer): boolean {
  const given = Buffer.from(hash, 'hex');
  const expected = createHash('sha256').update(body).digest();
  return given.length === expected.length && timingSafeEqual(given, expected);
}

const URL_PARTS = /^(?<origin>[a-z]+:\/\/(?:[^/?#@]*@)?(?:\[[^\]]*\]|[^/?#:[\]]+))(?<port>:\d+)?(?<rest>.*)$/isu;

/**
 * The URL as Twilio may have signed it: as it is and in its standard form, each with and without its port, and with and without
 * the connection overrides. A URL that was copied from a call has them already; no request contains them.
 */
function spellingsOf(given: string): string[] {
  const url = given.replace(/#.*$/su, '');
  const urls = new Set([given, url, new URL(url).href].flatMap(withAndWithoutPort));
  return [...urls].flatMap((spelling) => [spelling, spelling + MORE_TRIES]);
}

function withAndWithoutPort(url: string): string[] {
  const { origin = url, port = '', rest = '' } = URL_PARTS.exec(url)?.groups ?? {};
  const standard = /^https:/i.test(origin) ? ':443' : ':80';
  return [url, origin + (port || standard) + rest, origin + rest];
}
