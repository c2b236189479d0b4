import { personalDataIn } from '../people.ts';
import type { Finding } from './finding.ts';

/** P11: no name, address or number of the people stands where it must not. Says where, not what. */
export function personalDataAt(place: string, text: string): Finding[] {
  const found = personalDataIn(text);
  return found ? [{ promise: 'P11', text: `${place} holds a ${found.kind} (at character ${found.at})` }] : [];
}

/** Every text in a structure, bytes read as text. */
export function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (value instanceof Uint8Array) yield Buffer.from(value).toString('utf8');
  else if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value)) {
      yield name;
      yield* textsIn(part);
    }
  }
}
