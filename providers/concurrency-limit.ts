/** Work that has waited for too long is not started any more: nobody needs its result. */
export class SlotTimeout extends Error {
  override readonly name = 'SlotTimeout';
}

/** Limits concurrent work. Work starts in the order in which it came. */
export function limitConcurrency(slots: number, longestWaitMs: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = slots;
  const waiting = new Set<() => void>();

  const enter = () => {
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
    await enter();
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
