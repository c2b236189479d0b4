/** URLs that lead to a carrier or from it: https, because they carry secrets and what people say. */

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** What http may be used for, for messages. */
export const HTTP_FOR = 'http is accepted only for a stand-in on this machine or in its container network';

/** Whether a URL names a user or a password, which would be shown with it. */
export function hasCredentials(url: string): boolean {
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}

/**
 * Whether a URL is https, or leads to a stand-in: on this machine, or in a container network, whose host names have no
 * dot. No carrier is reached under such a name.
 */
export function isHttpsOrLocal(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:') return true;
  return protocol === 'http:' && (LOOPBACK.has(hostname) || /^[a-z0-9-]+$/i.test(hostname));
}
