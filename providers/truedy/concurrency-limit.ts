/** Work that has waited so long for its place is not done any more: nobody waits for what it would bring. */
export class SlotTimeout extends Error {
  override readonly name = 'SlotTimeout';
}

/** Runs what it is given, no more than so many at a time, in the order in which it came. */
export function limitConcurrency(places: number, longestWaitMs: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = places;
  const waiting = new Set<() => void>();

  const place = () => {
    if (free > 0) {
      free -= 1;
      return Promise.resolve();
    }
    return new Promise<void>((resolve, reject) => {
      const take = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        waiting.delete(take);
        reject(new SlotTimeout());
      }, longestWaitMs);
      waiting.add(take);
    });
  };
  const leave = () => {
    const [next] = waiting;
    if (next === undefined) {
      free += 1;
      return;
    }
    waiting.delete(next);
    next();
  };

  return async (work) => {
    await place();
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
