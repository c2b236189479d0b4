import { RingfenceError } from '../domain/engine/errors.ts';
import { Uuid } from '../domain/engine/ids.ts';

/**
 * The canonical form of a stated id. An id in capitals is the same campaign.
 * @param what the thing that the id names, for the error
 * @throws RingfenceError `not_found` for text that cannot be an id, as the gateway answers it
 */
export function readId(id: string, what: string, field = 'id'): string {
  const read = Uuid.safeParse(id);
  if (read.success) return read.data;
  throw new RingfenceError('not_found', `There is no such ${what}: its id is a UUID with hyphens.`, { field });
}
