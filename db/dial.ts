/** What a dial asks of its records before it sends, and what it is told. */
import type { ConnectionTerms, DialRefusal } from '../domain/dialling/connection-terms.ts';
import type { Passage } from '../domain/dialling/connection-breaker.ts';
import type { ProviderTrouble } from '../domain/engine/campaign-state.ts';
import type { EndedEvent } from '../domain/engine/outcome.ts';
import type { PlacementResult } from '../domain/engine/placement.ts';

/** A dial that asks for permission: one placement of a call. */
export interface Dial {
  readonly callId: string;
  readonly campaignId: string;
  readonly seq: number;
  readonly attempt: number;
  /** The civil day whose cap the call counts against. */
  readonly day: string;
  /** The campaign's connection, and what requests for it are made for; see `OpenConnection`. */
  readonly connection: string;
  readonly madeFor: string;
  /** The workflow run that asks, and the epoch of its state. Only the owner of the campaign's records may dial. */
  readonly runId: string;
  readonly epoch: number;
  /** The number of the placement within the epoch. */
  readonly placement: number;
  /** Nothing is sent before this instant (epoch milliseconds), nor at or after `notAfter`. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** How long after its request the call may be in flight at most. */
  readonly lostAfterMs: number;
  /** Whether it may be the probe of a connection in trouble before the pause ends. */
  readonly probeNow?: boolean;
  /** For so long before the end of a day of the account nothing is sent: the provider might place the call on the next day. */
  readonly marginMs: number;
  /** What the connection allows now. It may have changed since the campaign was created. */
  readonly terms: ConnectionTerms;
}

/** The rate of a dial's connection. */

/** The rate of a dial's connection. */
export interface DialPace {
  /** Dials per second that this worker has loaded for the connection. Null: no limit. */
  readonly callsPerSecond: number | null;
  /** What came of the try's reservation of an instant on the connection. Null: it has not reserved. */
  readonly reservation: DialReservation | null;
}

/** An instant was reserved, or the try must not send. */
export type DialReservation =
  | { readonly kind: 'reserved' }
  | { readonly kind: 'expired' | 'delayed' }
  | { readonly kind: 'later'; readonly afterMs: number };

/**
 * Permission for one try to send. `sentBefore` is the time at which an earlier try sent or may have sent (epoch
 * milliseconds), or null. The tries of a call are numbered, so that a late one knows whether others were permitted
 * after it.
 */
export interface SendPermit {
  readonly kind: 'send';
  readonly request: string;
  /** The database's time at the beginning of the transaction, epoch milliseconds. */
  readonly permittedAt: number;
  readonly sentBefore: number | null;
  /** The first instant, by the database's time, at which a limit over campaigns holds the dial. Null: none does. */
  readonly heldFrom: number | null;
  readonly tryNumber: number;
  /** How the try passed the circuit breaker of the connection. */
  readonly passage: Passage;
}

/** Why a placement sends nothing. */
export type NotSent =
  | { readonly kind: 'suppressed' | 'removed' | 'stopped' | 'expired' | 'delayed' | 'withdrawn' }
  | { readonly kind: 'later'; readonly afterMs: number }
  | { readonly kind: 'held'; readonly afterMs: number; readonly trouble: ProviderTrouble }
  | Extract<PlacementResult, { kind: 'next_day' | 'postponed' }>
  | DialRefusal;

/** The decision about a dial. */
export type DialPermit =
  | SendPermit
  /** The try must reserve an instant first. Nothing was written. `readAt`: the database's time, epoch milliseconds. */
  | { readonly kind: 'reserve'; readonly callsPerSecond: number; readonly readAt: number }
  | { readonly kind: 'accepted'; readonly ended: EndedEvent | null }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'unresolved' | 'superseded' }
  | NotSent;
