/** What passes between the engine and a provider's adapter. */
import type { Outcome } from './outcome.ts';

/** One call to be placed, as the roster knows it. Holds personal data: never log it, never hand it to a workflow. */
export interface CallToPlace {
  readonly callId: string;
  readonly agentId: string;
  /** Strict E.164. */
  readonly phoneNumber: string;
  readonly extension: string | null;
  /** The provider's id of the number to call from, already chosen by the campaign's rotation; null: provider's choice. */
  readonly fromNumberId: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly email: string | null;
  readonly customFields: Readonly<Record<string, string>>;
}

/**
 * The answer to one attempt to place a call.
 * - `accepted`: the provider has the call under its own id.
 * - `rejected`: the provider refused this call for good; nothing was placed.
 * - `throttled`: too many requests; nothing was placed.
 * - `unavailable`: the request never reached the provider (no connection); nothing was placed.
 * - `blocked`: our account or agent is in trouble; nothing was placed.
 * - `expired`: `sendBy` had passed when a connection was at hand; nothing was sent.
 * - `unknown`: the provider may or may not have the call (time-out, connection lost, 5xx, unreadable answer).
 * `reason` is a short code, never the provider's text.
 */
export type PlaceResult =
  | { readonly kind: 'accepted'; readonly providerCallId: string }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number | null }
  | { readonly kind: 'unavailable'; readonly reason: string }
  | { readonly kind: 'blocked'; readonly reason: string }
  | { readonly kind: 'expired' }
  | { readonly kind: 'unknown'; readonly reason: string };

/** What the provider knows of a call now. `unknown`: it could not be asked, or does not say; no proof of anything. */
export type LookUpResult =
  | { readonly kind: 'live'; readonly providerCallId: string }
  | {
      readonly kind: 'ended';
      readonly providerCallId: string;
      readonly outcome: Outcome;
      readonly endedAt: number | null;
    }
  | { readonly kind: 'unknown'; readonly reason: string };

/** One event out of a provider's webhook. Only `ended` frees a slot; the others are kept and read by look-ups. */
export interface CallEvent {
  /** The provider's id of the event, or one made of call and event name where it gives none. */
  readonly eventId: string;
  readonly kind: 'started' | 'joined' | 'ended' | 'billed' | 'ignored';
  /** Our own call id where the provider echoes it. */
  readonly callId: string | null;
  readonly providerCallId: string | null;
  /** Only for `ended`. */
  readonly outcome: Outcome | null;
  /** The provider's own word for the outcome, as it came. */
  readonly outcomeAsSent: string | null;
  /** Milliseconds since the epoch. */
  readonly occurredAt: number;
}
