/**
 * Runs `act` with a signal that aborts when one of `signals` does. Whatever `act` fails with after that, the reason of the signal is
 * thrown. Listeners are removed at the end, because the signal of a client may live as long as its process.
 */
export async function withSignals<T>(
  signals: readonly (AbortSignal | undefined)[],
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { signal: joined } = controller;
  const releases = signals.flatMap((signal) => {
    if (signal === undefined) return [];
    const abort = () => controller.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    return [() => signal.removeEventListener('abort', abort)];
  });
  try {
    joined.throwIfAborted();
    return await act(joined);
  } catch (error) {
    joined.throwIfAborted();
    throw error;
  } finally {
    for (const release of releases) release();
  }
}

/** The longest time that a timer can take, some 25 days. A longer one would end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Runs `act` with a signal that also aborts after `timeoutMs`, with the error that `timedOut` makes. Null: without a limit. */
export async function withTimeout<T>(
  { signal, timeoutMs, timedOut }: { signal: AbortSignal; timeoutMs: number | null; timedOut: () => Error },
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (timeoutMs === null || timeoutMs > LONGEST_TIMER_MS) return act(signal);
  const timer = new AbortController();
  const timeout = setTimeout(() => timer.abort(timedOut()), timeoutMs);
  try {
    return await withSignals([signal, timer.signal], act);
  } finally {
    clearTimeout(timeout);
  }
}
