/** What a provider is told of calls, and what may be relied on. In the provider's own seconds. */
export interface Margins {
  readonly requestTimeoutS: number;
  readonly queueBoundS: number;
  readonly maxDurationS: number;
  readonly ringS: number;
  /** How long a repeated key brings back the first answer, where there are keys. */
  readonly keyTtlS: number;
}

/** The longest that the simulated provider leaves a call queued, at its natural speed. */
const QUEUED_AT_MOST_S = 1.5;
/**
 * The provider's margins for a simulator on this machine that runs `timeScale` times faster than a real provider.
 *
 * What a call may last is told to the provider in its own seconds, which pass faster than ours: by our clock no call
 * lasts longer than was agreed, so none is given up while it goes on. The queue passes faster as well, but one second is
 * added for timers that fire late on a busy machine.
 */
export function demoMargins(timeScale: number): Margins {
  return {
    // It answers in milliseconds; and nothing is dialled so close to the end of a day, which should not be seen.
    requestTimeoutS: 5,
    queueBoundS: Math.ceil(QUEUED_AT_MOST_S / timeScale) + 1,
    // Shorter than the adapters' half hour, so that at the end nobody waits for one long talk.
    maxDurationS: 240,
    ringS: 30,
    // The simulator remembers a key for an hour.
    keyTtlS: 600,
  };
}
