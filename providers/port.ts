import type { IncomingHttpHeaders } from 'node:http';
import type {
  CallEvent,
  CallRef,
  CallToPlace,
  LookUpResult,
  PlaceResult,
} from '../domain/dialling/provider-messages.ts';

export type { CallEvent, CallRef, CallToPlace, LookUpResult, PlaceResult };

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
 * A voice provider. `freeze` decides the request's bytes once; every try of one attempt sends these same bytes under
 * the same key. `place` sends at most one HTTP request and never repeats it by itself.
 */
export interface CallProvider {
  readonly name: string;
  readonly facts: ProviderFacts;
  /**
   * Throws for a contact of which no request can be made: that contact then is `failed: invalid`, and no other is held up. Throws
   * a RingfenceError `misconfigured` where no contact could be called: then the campaign holds.
   */
  freeze(call: CallToPlace): string;
  /** Sends `frozen` unless `sendBy` (epoch ms) has passed at the moment a connection is at hand. */
  place(frozen: string, key: string, sendBy: number): Promise<PlaceResult>;
  /**
   * Says what it knows of these calls, in the order of the question. All of those whose id at the provider is not known are
   * asked for together, so that a list of calls is read once for all of them.
   */
  lookUp(calls: readonly CallRef[]): Promise<readonly LookUpResult[]>;
  /** Throws a RingfenceError `invalid_signature` or `stale_signature`. */
  verify(rawBody: Buffer, headers: IncomingHttpHeaders, now: number): void;
  /**
   * Throws a RingfenceError `bad_request` when the body is not an event of this provider. What is returned must be by the
   * schema `CallEvent`, ignored events excepted: an event that is not is answered with 500, and comes again.
   */
  parse(rawBody: Buffer): CallEvent[];
  close(): Promise<void>;
}
