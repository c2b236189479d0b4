/** The messages between a campaign and its roster: one exchange settles what ended and claims what is due. */
import type { EngineSpec } from './campaign-spec.ts';
import type { EndedEvent } from './outcome.ts';
import type { CampaignStatus, Ending, ReadyContact, Settlement, CampaignSync } from './campaign-state.ts';
import type { RetryPolicy } from './retry-policy.ts';
import type { Buckets } from './tally.ts';

export interface ExchangeRequest {
  readonly campaignId: string;
  /** The campaign's clock: a retry is due when it says so, whatever the database's clock says. Epoch milliseconds. */
  readonly now: number;
  /** Number of this claim, one more than the last answered one. */
  readonly exchangeNumber: number;
  /** The epoch of the state: with the run that asks, it tells whether this run still owns the records. */
  readonly epoch: number;
  /** In the first exchange of a run that continues another as new, the other's run id: it may take over without adopting. */
  readonly continuedFrom: string | null;
  readonly settled: readonly Pick<Settlement, 'seq' | 'attempt' | 'to' | 'reason' | 'outcome' | 'at' | 'retryAt'>[];
  /** Calls that went into flight and have not been reported as in progress before. */
  readonly started: readonly ReadyContact[];
  /** Contacts reported as in progress that surely were not called. */
  readonly returned: readonly ReadyContact[];
  /** Claims of contacts that wait for a retry, to be given back. */
  readonly released: readonly ReadyContact[];
  /** Ends retries that these terms no longer grant, of contacts above a number, some at a time; null: there are none. */
  readonly endRetries: { readonly after: number; readonly granted: Pick<RetryPolicy, 'budget' | 'on'> } | null;
  /** How many due contacts to claim at the most. */
  readonly want: number;
  readonly sync: CampaignSync;
  /** Terms that were changed since the last exchange, as fields of the request. */
  readonly terms: Readonly<Record<string, unknown>> | null;
  /** The civil day that `lastSync.placed` counts. */
  readonly day: string | null;
  readonly lateEvents: number;
}

/** The roster as an exchange leaves it. */
export interface RosterView {
  readonly buckets: Buckets;
  /** Whether contacts wait for their first call that no batch has claimed yet. */
  readonly moreToClaim: boolean;
  /** Epoch milliseconds of the earliest retry that no batch has claimed; null: none waits. */
  readonly nextRetryAt: number | null;
}

/** A call that went out, or may have, and that no exchange has settled yet. */
export interface UnsettledCall {
  readonly seq: number;
  readonly attempt: number;
  readonly day: string;
  readonly sentAt: number;
  /** When the provider's reply was recorded, after which it surely was accepted; null while there is none. */
  readonly acceptedAt: number | null;
  readonly refusal: string | null;
  readonly ended: EndedEvent | null;
}

/** All that a run without carried state needs to go on where another stopped. */
export interface RosterSnapshot extends RosterView {
  /** As it was last written down: a pause outlives the run that obeyed it. */
  readonly status: CampaignStatus;
  /** A cancel outlives the run that was told, too. */
  readonly ending: Ending | null;
  /** The terms as they were last written down: an edit outlives the run that took it. */
  readonly spec: EngineSpec;
  readonly lastExchange: number;
  readonly epoch: number;
  readonly unsettled: readonly UnsettledCall[];
  readonly placedByDay: Readonly<Record<string, number>>;
}

export type ExchangeReply =
  | ({
      readonly kind: 'exchanged';
      readonly claimed: readonly ReadyContact[];
      /** Up to which contact retries have been ended; null: up to the last one, or none were to be ended. */
      readonly retriesEndedUpTo: number | null;
      /** Terminal events that are stored but were never signalled. */
      readonly events: readonly EndedEvent[];
    } & RosterView)
  /** Another run owns the records, or this one is behind them: nothing was settled and nothing claimed. */
  | { readonly kind: 'superseded' };
