/**
 * The budget of look-ups of one connection: requests in any minute, over all campaigns, workers and gateways. They take from the
 * carrier's limits, which the dials need too.
 *
 * Requests are counted in slots of five seconds. A request is granted if, with it, the slots that reach into the last minute
 * contain no more than the budget. A part is kept for urgent questions, so that routine ones cannot delay them.
 */

const SLOT_MS = 5_000;
/** As many as a minute can reach into. */
const SLOTS = 13;
/** Part of the budget that routine questions leave alone. */
const KEPT_SHARE = 1 / 4;

export interface LookUpUsage {
  /** When the newest slot began, in epoch milliseconds. */
  readonly since: number;
  /** Requests by slot, the newest first. */
  readonly used: readonly number[];
}

/** Numbers of requests. */
export interface Requests {
  readonly urgent: number;
  readonly routine: number;
}

export interface Reservation {
  readonly usage: LookUpUsage;
  readonly granted: Requests;
  /** When more may be granted, if not everything was. */
  readonly retryAfterMs: number;
}

/** Grants as much as the budget covers, urgent requests first. */
export function reserveRequests(
  usage: LookUpUsage | null,
  perMinute: number,
  wanted: Requests,
  now: number,
): Reservation {
  const { since, used } = upTo(usage, now);
  const free = perMinute - sum(used);
  const urgent = clamp(wanted.urgent, free);
  const routine = clamp(wanted.routine, free - urgent - Math.floor(perMinute * KEPT_SHARE));
  const [newest = 0, ...older] = used;
  const after = [newest + urgent + routine, ...older];
  return { usage: { since, used: after }, granted: { urgent, routine }, retryAfterMs: untilFreed(since, after, now) };
}

/** The slots as they are now. If the clock was set back, the count begins again, so that nothing waits for the time between. */
function upTo(usage: LookUpUsage | null, now: number): LookUpUsage {
  const since = Math.floor(now / SLOT_MS) * SLOT_MS;
  if (usage === null) return { since, used: [0] };
  const passed = Math.round((since - usage.since) / SLOT_MS);
  if (passed < -SLOTS) return { since, used: [0] };
  if (passed <= 0) return usage;
  const empty = Array.from({ length: Math.min(passed, SLOTS) }, () => 0);
  return { since, used: [...empty, ...usage.used].slice(0, SLOTS) };
}

/** Until the oldest slot with requests is left behind. */
function untilFreed(since: number, used: readonly number[], now: number): number {
  const oldest = used.findLastIndex((count) => count > 0);
  return Math.max(since + (SLOTS - Math.max(oldest, 0)) * SLOT_MS - now, SLOT_MS);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function clamp(wanted: number, free: number): number {
  return Math.max(0, Math.min(wanted, free));
}
