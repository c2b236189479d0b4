import type { CountedPlacements } from './dial-records.ts';
import { VirtualBreaker } from './connection-breaker.ts';
import type { VirtualRate } from './connection-rate.ts';
import type { VirtualSharedLimit } from './shared-limit.ts';

/** A connection of an account, with what its campaigns share. */
export interface VirtualConnection extends CountedPlacements {
  /** Null: it has no rate. */
  readonly rate: VirtualRate | null;
  /** The limits of calls in flight: of the account, and then of the connection. */
  readonly sharedLimits: readonly VirtualSharedLimit[];
  readonly breaker: VirtualBreaker;
}

/** A connection that no other campaign uses. */
export function connectionWithoutLimits(): VirtualConnection {
  return { rate: null, sharedLimits: [], numbers: null, accountDays: null, breaker: new VirtualBreaker() };
}
