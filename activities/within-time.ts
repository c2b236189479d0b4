/** What the work resolves to, or null once the signal is given: the work then goes on without anybody waiting for it. */
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
