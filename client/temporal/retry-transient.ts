import { setTimeout as wait } from 'node:timers/promises';
import { isTransient } from './temporal-errors.ts';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;

/**
 * Repeats a request to a workflow while it is refused for a reason that passes by itself, such as one run giving way to
 * the next, until `deadline` (epoch milliseconds). Throws the last refusal then, and any other error at once.
 */
export async function retryTransient<T>(deadline: number, request: () => Promise<T>): Promise<T> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await request();
    } catch (error) {
      if (!isTransient(error) || Date.now() + pause >= deadline) throw error;
      await wait(pause);
    }
  }
}
