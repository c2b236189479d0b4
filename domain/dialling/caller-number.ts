/** The distribution of calls over the numbers that a campaign may call from. */
export type Rotation = 'random' | 'sequential' | 'round_robin';

/**
 * The number to call from, or null if the provider chooses. It is a function of the call, so it needs no shared
 * counter. `sequential` uses one number per attempt, `round_robin` rotates with the contacts, `random` scatters.
 */
export function callerNumber(
  ids: readonly string[] | null,
  rotation: Rotation | null,
  { seq, attempt }: { readonly seq: number; readonly attempt: number },
): string | null {
  if (!ids || ids.length === 0) return null;
  switch (rotation) {
    case 'sequential':
      return ids[(attempt - 1) % ids.length] ?? null;
    case 'round_robin':
      return ids[(seq + attempt - 2) % ids.length] ?? null;
    case 'random':
    case null:
      // Knuth's multiplicative hash spreads neighbouring contacts over the numbers.
      return ids[((Math.imul(seq, 2_654_435_761) >>> 0) + attempt) % ids.length] ?? null;
  }
}
