/** Brings questions together that are asked at the same time, so that they share requests. */

/**
 * Wraps `answer` for callers that each ask about a few items. The items of all callers of one turn of the event loop are
 * passed to `answer` together, and each caller waits for the answers to its own items alone.
 */
export function gather<Item, Answer>(
  answer: (items: readonly Item[]) => readonly Promise<Answer>[],
): (items: readonly Item[]) => Promise<Answer[]> {
  let turn: { readonly items: Item[]; readonly answers: Promise<readonly Promise<Answer>[]> } | null = null;

  const begin = () => {
    const items: Item[] = [];
    const answers = new Promise<void>((resolve) => {
      setImmediate(resolve);
    }).then(() => {
      turn = null;
      return answer(items);
    });
    return { items, answers };
  };

  return async (asked) => {
    turn ??= begin();
    const { items, answers } = turn;
    const from = items.push(...asked) - asked.length;
    return Promise.all((await answers).slice(from, from + asked.length));
  };
}
