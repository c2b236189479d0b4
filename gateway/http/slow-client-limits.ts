import { IMPORTS } from '../../domain/engine/time-limits.ts';

/** Limits for slow clients. */
export interface SlowClientLimits {
  /** Milliseconds for the request line and headers. They fit into one or two packets. */
  readonly headersMs: number;
  /** Milliseconds allowed for any body, whatever its size. A mobile connection may fail for a moment. */
  readonly bodyMs: number;
  /** Minimum rate after that time. Even a bad line is faster. */
  readonly bytesPerSecond: number;
  /** Milliseconds allowed for a body in total, however large and steady it is. */
  readonly totalMs: number;
  /** Milliseconds between two checks of the requests under way. They determine the precision of the other limits. */
  readonly everyMs: number;
  /**
   * Milliseconds for a refused client that is still sending to read its response: a round trip and a few resent
   * packets.
   */
  readonly lingerMs: number;
  /** Milliseconds that a request with a large body or response waits for its place. */
  readonly turnMs: number;
}

const SLOW_CLIENT_LIMITS: SlowClientLimits = {
  headersMs: 15_000,
  bodyMs: 30_000,
  bytesPerSecond: 16_384,
  totalMs: IMPORTS.uploadMs,
  everyMs: 5_000,
  lingerMs: 2_000,
  turnMs: 10_000,
};

export function slowClientLimits(changed: Partial<SlowClientLimits> | undefined): SlowClientLimits {
  return { ...SLOW_CLIENT_LIMITS, ...changed };
}
