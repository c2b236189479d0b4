import type { IncomingHttpHeaders } from 'node:http';
import type { Outcome } from '../domain/outcome.ts';

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

/** What can be relied on at a provider. The engine's pacing and its treatment of unknown outcomes follow from these. */
export interface ProviderFacts {
  /** For how long a repeated request with the same key surely returns the first answer. 0: keys are not honoured. */
  readonly keyTtlMs: number;
  /** How a call can be found whose reply was lost. */
  readonly finds: 'by key' | 'by id' | 'nothing';
  /** Whether our call id comes back in events. */
  readonly echoes: boolean;
  /** The longest the HTTP request may take before its outcome counts as unknown. */
  readonly requestTimeoutMs: number;
  /** The longest an accepted call may wait at the provider before it is dialled. */
  readonly queueBoundMs: number;
  /** The longest a call can last once dialled, ringing included: what the adapter told the provider. */
  readonly callLifetimeMs: number;
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

/**
 * A voice provider. `freeze` decides the request's bytes once; every try of one attempt sends these same bytes under
 * the same key. `place` sends at most one HTTP request and never repeats it by itself.
 */
export interface CallProvider {
  readonly name: string;
  readonly facts: ProviderFacts;
  freeze(call: CallToPlace): string;
  /** Sends `frozen` unless `sendBy` (epoch ms) has passed at the moment a connection is at hand. */
  place(frozen: string, key: string, sendBy: number): Promise<PlaceResult>;
  lookUp(ref: { readonly callId: string; readonly providerCallId: string | null }): Promise<LookUpResult>;
  /** Throws a RingfenceError `invalid_signature` or `stale_signature`. */
  verify(rawBody: Buffer, headers: IncomingHttpHeaders, now: number): void;
  /** Throws a RingfenceError `bad_request` when the body is not an event of this provider. */
  parse(rawBody: Buffer): CallEvent[];
  close(): Promise<void>;
}
