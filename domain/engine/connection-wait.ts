/**
 * How a campaign shares its connection: the calls per second, and the trouble.
 *
 * Each dial reserves the next free instant on the connection and waits for it. If that instant is more than a few seconds ahead, the dial reserves nothing and its placement is `later`. The
 * answers to refused dials name times that are as far apart as the connection's dials, so that refused dials come back one by one.
 *
 * `connectionWait` has three states.
 * - null: as many placements are under way as the rate can use (`mostPlacing`).
 * - waiting: `until` lies ahead. Nothing is placed. A `later` starts the wait. Another one during the wait, from a placement that
 *   started before it, can only shorten it.
 * - growing: `until` has passed. As many placements run at a time as dials have reached the provider since then, at least one.
 *   Once that is as many as the rate can use, the state is null again. Another `later` starts another wait.
 *
 * A connection that many campaigns share therefore costs each of them at most one refused dial per call.
 *
 * Trouble of the whole connection (`held`) starts a wait as well. The connection's circuit breaker says how long it is, and only a
 * later answer can lengthen it. The trouble is over for the campaign when the state is null again, or when the connection lets its
 * dials through and only the calls per second hold them.
 */
import type { CampaignState, ProviderTrouble } from './campaign-state.ts';

/** Placements that have started this long before their instant have their request ready in time. */
const AHEAD_S = 2;

/**
 * How many placements at a time use the connection's whole rate: those that wait for their instants, and one whose answer is on
 * its way. More would only wait, and a pause would wait for them.
 */
export function mostPlacing({ facts }: CampaignState): number {
  const callsPerSecond = facts?.callsPerSecond ?? null;
  return callsPerSecond === null ? Infinity : Math.ceil(AHEAD_S * callsPerSecond) + 1;
}

/** How many placements may run at a time now. */
export function placingAllowed(state: CampaignState): number {
  const { connectionWait } = state;
  return connectionWait === null
    ? mostPlacing(state)
    : Math.min(Math.max(1, connectionWait.dialled), mostPlacing(state));
}

/** The next instants of the connection are taken: wait this long. */
export function waitForConnection(state: CampaignState, afterMs: number, now: number): void {
  // The records know whole milliseconds.
  const until = Math.ceil(now + afterMs);
  if (isHeldByConnection(state, now)) return;
  if (state.connectionWait !== null && isWaitingForConnection(state, now)) {
    state.connectionWait.until = Math.min(state.connectionWait.until, until);
  } else {
    state.connectionWait = { until, dialled: 0 };
  }
}

/** The connection has trouble: wait this long. Placements that were under way together are told different times. */
export function holdForConnection(
  state: CampaignState,
  { reason, since, times }: ProviderTrouble,
  afterMs: number,
  now: number,
): void {
  const before = isWaitingForConnection(state, now) ? state.connectionWait : null;
  const until = Math.max(before?.until ?? 0, Math.ceil(now + afterMs));
  state.connectionWait = { until, dialled: 0, trouble: { reason, since, times } };
}

/** Whether the wait is for the end of trouble. */
export function isHeldByConnection(state: CampaignState, now: number): boolean {
  return state.connectionWait?.trouble !== undefined && isWaitingForConnection(state, now);
}

/** Lets one call ask the connection now: a person who resumes a campaign wants to know whether the trouble is over. */
export function askConnectionAtOnce({ connectionWait }: CampaignState, now: number): void {
  if (!connectionWait?.trouble) return;
  connectionWait.until = Math.min(connectionWait.until, now);
  connectionWait.probeNow = true;
}

/** A dial has reached the provider. One that arrives during a wait had its instant before, and says nothing about now. */
export function dialledThrough(state: CampaignState, now: number): void {
  const { connectionWait } = state;
  if (connectionWait === null || isWaitingForConnection(state, now)) return;
  connectionWait.dialled += 1;
  delete connectionWait.probeNow;
  const enough = Math.min(mostPlacing(state), state.spec.max_concurrent_calls);
  if (connectionWait.dialled >= enough) state.connectionWait = null;
}

export function isWaitingForConnection({ connectionWait }: CampaignState, now: number): boolean {
  return connectionWait !== null && now < connectionWait.until;
}
