/**
 * What a campaign is found by in Temporal's Web UI: a coarse view of what it waits for. Each change is an event in the history, and on
 * Temporal Cloud a billed action. What comes and goes within a minute is therefore left out:
 * - a campaign that places calls is found by none, also while all slots or the connection's calls per second are in use,
 * - trouble at the provider counts from when people are told of it until it is over, whatever each probe brings,
 * - a slow database or machine counts from the third delay in a row until a dial gets through,
 * - so is a wait for calls of the account to end; one for the account's next day counts,
 * - a wait for a retry, or for a limit of calls to a number, counts if it takes a minute or more.
 */
import type { CampaignState, WaitingFor } from './campaign-state.ts';
import { troubleOf } from './circuit-breaker.ts';
import { isForDueTime, type Waiting } from './gates.ts';
import { hasWork } from './groups.ts';

const NEAR_RETRY_MS = 60_000;
const DELAYS = 3;

/** @param shown what the campaign is found by now */
export function searchedWaiting(
  state: CampaignState,
  waiting: Waiting,
  shown: string | null,
  now: number,
): WaitingFor | null {
  switch (waiting.for) {
    case 'stopped':
    case 'start':
    case 'window':
    case 'daily_cap':
      return waiting.for;
    case 'account':
      // A campaign that uses its whole share waits for its own calls.
      return waiting.until === null ? troubleWhileActive(state) : waiting.for;
    case 'number':
    case 'retry': {
      const isLong = waiting.until !== null && waiting.until >= now + NEAR_RETRY_MS;
      return isForDueTime(shown) || isLong ? waiting.for : null;
    }
    case 'provider':
    case 'system':
    case 'connection':
    case 'slot':
    case null:
      return troubleWhileActive(state);
  }
}

function troubleWhileActive(state: CampaignState): WaitingFor | null {
  return state.status === 'active' && !state.ending && hasWork(state) ? lastingTrouble(state) : null;
}

function lastingTrouble(state: CampaignState): WaitingFor | null {
  if (troubleOf(state) !== null) return 'provider';
  return (state.systemWait?.waits ?? 0) >= DELAYS ? 'system' : null;
}
