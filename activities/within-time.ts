/**
 * Resolves to the result of the work, or to null once the signal aborts. The work then continues without anyone waiting
 * for it.
 */
export async function withinTime<T>(inTime: AbortSignal, work: Promise<T>): Promise<T | null> {
  let giveUp: (() => void) | undefined;
  const over = new Promise<null>((resolve) => {
    giveUp = () => resolve(null);
    if (inTime.aborted) giveUp();
    else inTime.addEventListener('abort', giveUp, { once: true });
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    if (giveUp) inTime.removeEventListener('abort', giveUp);
  }
}
