import { setTimeout as pause } from 'node:timers/promises';
import { RingfenceError } from '../domain/engine/errors.ts';

/** The gateway's limit is one of pace: many requests take as long as that allows. */
export async function untilTaken<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof RingfenceError) || error.code !== 'rate_limit_exceeded') throw error;
      const { retry_after_s: seconds } = error.details;
      await pause((typeof seconds === 'number' ? seconds : 1) * 1000);
    }
  }
}
