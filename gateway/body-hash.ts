import { createHash } from 'node:crypto';

/**
 * SHA-256 of what a JSON body states. The order of an object's fields and white space state nothing: clients that
 * write the same request twice need not write the same bytes.
 */
export function hashBody(body: unknown): Buffer {
  return createHash('sha256')
    .update(JSON.stringify(body, withSortedFields) ?? '')
    .digest();
}

function withSortedFields(_field: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
