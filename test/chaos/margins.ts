import type { Margins } from '../../scripts/start/margins.ts';
import type { CarrierName } from '../../simulator/faults.ts';

/** How many times faster than a real one the simulated provider goes: its calls last about a second. */
export const TIME_SCALE = 10;
export const GRACE_S = 5;
export const REQUEST_TIMEOUT_S = 2;

/** Margins so short that a lost call reaches its deadline within a run. */
const SHORT: Margins = {
  requestTimeoutS: REQUEST_TIMEOUT_S,
  // A second and a half of simulated time, and a busy machine's delay.
  queueBoundS: 1,
  // In the provider's own seconds, which pass faster: by our clock a call is over long before.
  maxDurationS: 15,
  ringS: 5,
  // The provider forgets a key at the very moment until which the engine may rely on it.
  keyTtlS: 45,
};

/** The shortest that each carrier takes. */
export const MARGINS: Readonly<Record<CarrierName, Margins>> = {
  truedy: SHORT,
  twilio: SHORT,
  retell: { ...SHORT, maxDurationS: 60 },
};

/** For so much longer than agreed a carrier may let the phone ring. */
const MAY_RING_LONGER_S: Readonly<Record<CarrierName, number>> = { truedy: 0, twilio: 5, retell: 0 };

/** After so long from its sending a call cannot be going on any more. */
export function longestCallMs(provider: CarrierName): number {
  const { queueBoundS, maxDurationS, ringS } = MARGINS[provider];
  return (queueBoundS + maxDurationS + ringS + MAY_RING_LONGER_S[provider] + GRACE_S) * 1000;
}
