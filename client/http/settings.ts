/** The options of a client, checked once. */
import { API_ROOT } from '../../domain/api/api-root.ts';
import { RingfenceError } from '../errors.ts';
import type { RequestOptions, RingfenceOptions } from '../options.ts';
import { readMaxRetries, readTimeoutMs } from './numbers.ts';

export interface Settings extends RequestOptions {
  /** Without a slash at its end. */
  readonly root: string;
  readonly apiKey: string;
}

const EXAMPLE = `https://calls.example.com${API_ROOT}`;

/** @throws RingfenceError `misconfigured` with the field at fault */
export function readSettings({ baseUrl, apiKey, signal, ...numbers }: RingfenceOptions): Settings {
  return {
    root: readBaseUrl(baseUrl),
    apiKey: readKey(apiKey),
    maxRetries: readMaxRetries(numbers),
    timeoutMs: readTimeoutMs(numbers),
    signal,
  };
}

function readBaseUrl(baseUrl: unknown): string {
  const url = typeof baseUrl === 'string' && URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  const problem = problemOf(url);
  if (url !== null && problem === null) return url.origin + url.pathname.replace(/\/+$/, '');
  throw new RingfenceError('misconfigured', `The base URL ${problem}: give one such as ${EXAMPLE}.`, {
    field: 'baseUrl',
  });
}

function problemOf(url: URL | null): string | null {
  if (url === null) return 'is no URL';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'does not begin with https:// or http://';
  if (url.username !== '' || url.password !== '') return 'contains a user or a password';
  if (url.search !== '' || url.hash !== '') return 'contains a query or a fragment';
  return null;
}

function readKey(key: unknown): string {
  if (typeof key !== 'string' || key === '') {
    throw new RingfenceError('misconfigured', 'The API key is missing: create one with "keys create".', {
      field: 'apiKey',
    });
  }
  const at = key.search(/[^\x21-\x7e]/);
  if (at === -1) return key;
  const what = /[\r\n]/.test(key[at] ?? '') ? 'a line break' : 'a character that no header can carry';
  const message = `The API key contains ${what} at position ${at + 1} of ${key.length}: pass the key as it was created.`;
  throw new RingfenceError('misconfigured', message, { field: 'apiKey' });
}
