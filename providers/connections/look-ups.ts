/** How a connection's calls are looked up when no webhook tells of their end. */

export interface LookUpTerms {
  /** From the acceptance of a call until it is older than usual and looked up, in milliseconds. */
  readonly lookUpAfterMs: number;
  /** Requests for look-ups in any minute, over all campaigns, workers and gateways. */
  readonly lookUpsPerMinute: number;
}

/** What holds where nothing is set. */
export const LOOK_UP_DEFAULTS: LookUpTerms = {
  // Nine out of ten answered calls are over by then, so few are looked up while webhooks arrive. A slot whose webhook was lost
  // stands still for minutes, not for the longest time of a call.
  lookUpAfterMs: 180_000,
  // One a second on average: a small part of what carriers allow, and most of it must be left to the dials.
  lookUpsPerMinute: 60,
};

/** Bounds of the settings, in seconds and in requests. */
export const LOOK_UP_BOUNDS = {
  /** For stand-ins. A real call takes longer. */
  shortestAfterS: 1,
  longestAfterS: 3_600,
  /** What one question about one call may cost, so that every call can be asked about. */
  leastPerMinute: 10,
  mostPerMinute: 6_000,
} as const;
