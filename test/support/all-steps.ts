import type { Steps } from '../../domain/forecast/fast-forward.ts';

/** Takes all steps at once, and returns their result. */
export function allSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
