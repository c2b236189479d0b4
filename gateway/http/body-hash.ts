import { createHash } from 'node:crypto';
import { Turns } from '../../contact-files/turns.ts';

/** Items of a list that are hashed in one turn of the event loop. */
const ITEMS_PER_TURN = 100;

/**
 * SHA-256 of the content of a JSON body. The order of an object's fields and white space do not count, because a client
 * that writes the same request twice may write different bytes.
 */
export async function hashBody(body: unknown): Promise<Buffer> {
  const hash = createHash('sha256');
  const turns = new Turns(ITEMS_PER_TURN);
  if (!isObject(body)) return hash.update(canonical(body)).digest();
  let before = '{';
  for (const [field, value] of sortedFields(body)) {
    hash.update(`${before}${JSON.stringify(field)}:`);
    before = ',';
    if (!Array.isArray(value)) {
      hash.update(canonical(value));
      continue;
    }
    for (const [index, item] of value.entries()) {
      hash.update(`${index === 0 ? '[' : ','}${canonical(item)}`);
      await turns.step();
    }
    hash.update(value.length === 0 ? '[]' : ']');
  }
  return hash.update(before === '{' ? '{}' : '}').digest();
}

/** The value as JSON, with the fields of its objects in one order. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_field, inner: unknown) =>
      isObject(inner) ? Object.fromEntries(sortedFields(inner)) : inner,
    ) ?? ''
  );
}

function sortedFields(value: object): [string, unknown][] {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
