/** The messages between a campaign and its roster. One exchange settles finished calls and claims contacts that are due. */
import type { EngineSpec } from './campaign-spec.ts';
import type { EndedEvent } from './outcome.ts';
import type {
  CampaignStatus,
  CampaignSync,
  DueFor,
  Ending,
  ReadyContact,
  ReleasedContact,
  Settlement,
} from './campaign-state.ts';
import type { RetryPolicy } from './retry-policy.ts';
import type { Buckets } from './tally.ts';

/** How many contacts an exchange claims. */
export interface Claim {
  /** The largest number. */
  readonly want: number;
  /**
   * The largest number of contacts with a due time, if it is larger: they are called before the others, so that claimed contacts
   * without one do not take their place. Default: `want`.
   */
  readonly wantDue?: number | undefined;
  /** The largest number of contacts whose priority comes before this one, if it is larger, for the same reason. Default: `want`. */
  readonly ahead?: { readonly most: number; readonly before: number } | undefined;
}

/** The largest number of contacts that an exchange may claim. */
export function mostClaimed({ want, wantDue = want, ahead }: Claim): number {
  return Math.max(want, wantDue, ahead?.most ?? 0);
}

export interface ExchangeRequest extends Claim {
  readonly campaignId: string;
  /** The campaign's clock in epoch milliseconds. It decides when a retry is due, not the database's clock. */
  readonly now: number;
  /** Number of this exchange, one more than the last answered one. */
  readonly exchangeNumber: number;
  /** The epoch of the state. With the run id it shows whether this run still owns the records. */
  readonly epoch: number;
  /** The predecessor's run id, in the first exchange after continue-as-new: the run may take over without adopting. */
  readonly continuedFrom: string | null;
  readonly settled: readonly Pick<
    Settlement,
    'seq' | 'attempt' | 'to' | 'reason' | 'outcome' | 'at' | 'retryAt' | 'accountFault' | 'isExcused'
  >[];
  /** Calls in flight that no exchange has recorded as in progress yet. */
  readonly started: readonly ReadyContact[];
  /** Contacts recorded as in progress whose call was certainly not placed. */
  readonly returned: readonly ReadyContact[];
  /** Claims that are returned to the roster. With `until`, the contact is due then. */
  readonly released: readonly ReleasedContact[];
  /** Ends retries that these terms no longer grant, some at a time, for contacts above a number. Null: there are none. */
  readonly endRetries: { readonly after: number; readonly granted: Pick<RetryPolicy, 'budget' | 'on'> } | null;
  /** The groups from which they are claimed. */
  readonly open: readonly number[];
  readonly sync: CampaignSync;
  /** Terms changed since the last exchange, as fields of the API request. */
  readonly terms: Readonly<Record<string, unknown>> | null;
  /** The latest civil day on which calls are counted, which `placedOnDay` does. */
  readonly day: string | null;
  /** Default: `sync.placed`, in a request of an earlier version. */
  readonly placedOnDay?: number;
  readonly lateEvents: number;
  /** Changes of the roster that were announced before this exchange began. Default: 0. */
  readonly rosterChanges?: number;
}

/** The roster after an exchange. */
export interface RosterView {
  readonly buckets: Buckets;
  /** The groups in which contacts are not claimed yet. */
  readonly groups: readonly GroupWork[];
}

/** The contacts of a group that are not claimed yet. */
export interface GroupWork {
  readonly group: number;
  /** Whether contacts without a due time wait for their first call. */
  readonly more: boolean;
  /** The lowest priority number among them. Default: 3. */
  readonly first?: number | undefined;
  /** The earliest due time, in epoch milliseconds. Null: no contact has one. */
  readonly dueAt: number | null;
  /** What that due time is for. Default: a retry. */
  readonly dueFor?: DueFor | undefined;
}

/** An unsettled call that was or may have been sent. */
export interface UnsettledCall extends ReadyContact {
  readonly day: string;
  readonly sentAt: number;
  /** When the provider's acceptance was recorded. Null if it was not. */
  readonly acceptedAt: number | null;
  readonly refusal: string | null;
  readonly ended: EndedEvent | null;
}

/** Everything that a run without its predecessor's state needs to continue. */
export interface RosterSnapshot extends RosterView {
  /** The recorded status: a pause survives the run that executed it. */
  readonly status: CampaignStatus;
  /** The recorded ending: a cancel also survives its run. */
  readonly ending: Ending | null;
  /** The recorded terms: an edit survives its run. */
  readonly spec: EngineSpec;
  readonly lastExchange: number;
  readonly epoch: number;
  readonly unsettled: readonly UnsettledCall[];
  readonly placedByDay: Readonly<Record<string, number>>;
  /** Ids of the limits of calls in flight that the campaign shares with others. Default: none. */
  readonly sharedLimits?: readonly string[];
}

export type ExchangeReply =
  | ({
      readonly kind: 'exchanged';
      readonly claimed: readonly ReadyContact[];
      /** The contact up to which retries were ended. Null: all were ended, or none had to be. */
      readonly retriesEndedUpTo: number | null;
      /** Claimed contacts that were taken out, or whose next call was moved, since the last exchange. Default: none. */
      readonly takenOut?: readonly number[];
      /** Stored terminal events that were never signalled. */
      readonly events: readonly EndedEvent[];
      /** Whether a stop by an administrator covers the campaign. Default: no. */
      readonly isStopped?: boolean;
    } & RosterView)
  /** Another run owns the records, or this run is behind them. Nothing was settled or claimed. */
  | { readonly kind: 'superseded' };
