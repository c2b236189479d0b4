import type { Life } from './call-life.ts';
import type { CallFault, EventName } from './faults.ts';
import type { LedgerCall } from './ledger.ts';

/**
 * A call at the simulated provider goes `queued -> ringing -> in_progress -> over`, or from ringing straight to over when
 * nobody answers. Its course is drawn when it is accepted; from then on only time moves it, and nothing that happens to
 * its events holds it up. A lost call takes the same way to its maximum duration, without a word.
 */
export type CallState = 'queued' | 'ringing' | 'in_progress' | 'over';

export interface SimulatedCall {
  readonly entry: LedgerCall;
  readonly variables: Readonly<Record<string, string>> | null;
  readonly faults: readonly CallFault[];
  readonly life: Life;
  state: CallState;
  /** Events held back so that they go out in reverse order. */
  readonly heldEvents: (() => Promise<void>)[];
  /** The events for which the reply to the placement still waits. */
  readonly awaitedEvents: Set<EventName>;
  /** Called when the last awaited event has been delivered. */
  replyMayGo: () => void;
}
