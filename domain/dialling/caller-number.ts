/** The distribution of calls over the numbers that a campaign may call from. */
export type Rotation = 'random' | 'sequential' | 'round_robin';

/**
 * The number to call from, or null if the provider chooses. It is a function of the call, so it needs no shared
 * counter. Without a rotation a contact is always called from the same number, so that somebody who calls back or
 * blocks a number is not called from another. `sequential` uses one number per attempt, `round_robin` rotates with the
 * contacts and attempts, `random` scatters.
 *
 * @param ids the numbers of the campaign or, if it names none, those of its connection
 */
export function callerNumber(
  ids: readonly string[],
  rotation: Rotation | null,
  { seq, attempt }: { readonly seq: number; readonly attempt: number },
): string | null {
  if (ids.length === 0) return null;
  switch (rotation) {
    case null:
      return ids[(seq - 1) % ids.length] ?? null;
    case 'sequential':
      return ids[(attempt - 1) % ids.length] ?? null;
    case 'round_robin':
      return ids[(seq + attempt - 2) % ids.length] ?? null;
    case 'random':
      // Knuth's multiplicative hash spreads neighbouring contacts over the numbers.
      return ids[((Math.imul(seq, 2_654_435_761) >>> 0) + attempt) % ids.length] ?? null;
  }
}
