/** The numbers among the options of a client and of a call. */
import { RingfenceError } from '../errors.ts';
import type { RequestOptions } from '../options.ts';

/** @throws RingfenceError `misconfigured`: a count that is no number would never be reached */
export function readMaxRetries({ maxRetries }: RequestOptions): number | undefined {
  if (maxRetries == null || maxRetries === Infinity) return maxRetries ?? undefined;
  if (Number.isInteger(maxRetries) && maxRetries >= 0) return maxRetries;
  throw new RingfenceError('misconfigured', 'maxRetries must be a whole number, at least 0.', { field: 'maxRetries' });
}

/** @throws RingfenceError `misconfigured`: any other value would end each try before it is sent */
export function readTimeoutMs({ timeoutMs }: RequestOptions): number | undefined {
  if (timeoutMs == null) return undefined;
  if (typeof timeoutMs === 'number' && timeoutMs > 0) return timeoutMs;
  const message = 'timeoutMs must be a number of milliseconds above 0; Infinity means no limit.';
  throw new RingfenceError('misconfigured', message, { field: 'timeoutMs' });
}
