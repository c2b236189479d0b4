import type { PacingFacts } from '../domain/engine/campaign-state.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { dialMarginMs } from '../domain/engine/dial-margin.ts';
import { DIAL } from '../domain/engine/dial-budget.ts';
import type { Connection } from '../providers/connections/connection.ts';
import { LOOK_UP_DEFAULTS } from '../providers/connections/look-ups.ts';
import type { CallProvider } from '../providers/port.ts';

/** What pacing depends on beside the facts about the provider. */
export interface PacingSettings extends Pick<Connection, 'callsPerSecond' | 'lookUpAfterMs'> {
  readonly graceMs: number;
  readonly searchAttributes: boolean;
}

/**
 * The facts for campaigns whose connection this worker does not have. Nothing is dialled for them; calls in flight count as
 * live for as long as any carrier allows.
 */
export function unknownFacts({
  graceMs,
  searchAttributes,
}: Pick<PacingSettings, 'graceMs' | 'searchAttributes'>): PacingFacts {
  return {
    dialMarginMs: 0,
    usualCallMs: LOOK_UP_DEFAULTS.lookUpAfterMs,
    callLifetimeMs: LONGEST_CALL_MS,
    graceMs,
    queueBoundMs: 0,
    cancelsQueued: false,
    keyTtlMs: 0,
    callsPerSecond: null,
    searchAttributes,
  };
}

/** Four hours, the longest duration that a carrier takes, and an hour in its queue. */
const LONGEST_CALL_MS = 5 * 3_600_000;

/** The facts about the connection that pacing depends on, in milliseconds. */
export function pacingFacts(
  { facts: provider, cancel }: Pick<CallProvider, 'facts' | 'cancel'>,
  { callsPerSecond, lookUpAfterMs, graceMs, searchAttributes }: PacingSettings,
): PacingFacts {
  if (provider.requestTimeoutMs > DIAL.longestRequestMs) {
    throw new RingfenceError(
      'misconfigured',
      `The provider's request time-out must be at most ${DIAL.longestRequestMs / 1000} s, not ${provider.requestTimeoutMs / 1000} s.`,
    );
  }
  return {
    dialMarginMs: dialMarginMs(provider),
    usualCallMs: lookUpAfterMs,
    callLifetimeMs: provider.queueBoundMs + provider.callLifetimeMs,
    graceMs,
    queueBoundMs: provider.queueBoundMs,
    cancelsQueued: cancel !== undefined && provider.queueBoundMs > 0,
    keyTtlMs: provider.keyTtlMs,
    callsPerSecond,
    searchAttributes,
  };
}
