import { IMPORTS } from '../../domain/engine/time-limits.ts';

/** How slow a client may be. */
export interface SlowClientLimits {
  /** Milliseconds for a request's first line and headers. They fit into a packet or two. */
  readonly headersMs: number;
  /** Milliseconds that a body may be waited for whatever its size: a mobile line that is lost for a moment comes back. */
  readonly bodyMs: number;
  /** What has to come in beyond that time. A bad line carries more. */
  readonly bytesPerSecond: number;
  /** Milliseconds that any body may be waited for, however large it is and however steadily it comes. */
  readonly totalMs: number;
  /** Milliseconds from one look at the requests under way to the next: how exact the others are. */
  readonly everyMs: number;
  /** Milliseconds for a refused client to read its answer while it still sends: a round trip and a resent packet or two. */
  readonly lingerMs: number;
  /** Milliseconds that a request with a large body or answer waits for its place among others. */
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

export function slowClientLimits(told: Partial<SlowClientLimits> | undefined): SlowClientLimits {
  return { ...SLOW_CLIENT_LIMITS, ...told };
}
