import type { IncomingHttpHeaders } from 'node:http';
import type {
  CallEvent,
  CallRef,
  CallToPlace,
  LookUpResult,
  PlaceResult,
} from '../domain/dialling/provider-messages.ts';
import type { PreviewedRequest } from './http-request.ts';

export type { CallEvent, CallRef, CallToPlace, LookUpResult, PlaceResult, PreviewedRequest };

/** A webhook as it arrived. */
export interface ReceivedWebhook {
  readonly rawBody: Buffer;
  readonly headers: IncomingHttpHeaders;
  /**
   * The public URL of this request, query included. Its origin comes from configuration, never from the request's Host
   * header. Null if no public URL is configured.
   */
  readonly url: string | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Facts about a provider. The engine's pacing and its treatment of unknown outcomes depend on them. */
export interface ProviderFacts {
  /** How long a repeated request with the same key certainly returns the first answer. 0: the provider ignores keys. */
  readonly keyTtlMs: number;
  /** How to find a call whose reply was lost. */
  readonly finds: 'by key' | 'by id' | 'nothing';
  /** Whether events contain Ringfence's call id. */
  readonly echoes: boolean;
  /** The longest time of an HTTP request. After it the outcome is unknown. */
  readonly requestTimeoutMs: number;
  /** The longest time that an accepted call waits at the provider before it is dialled. */
  readonly queueBoundMs: number;
  /** The longest duration of a dialled call, ringing included, as given to the provider. */
  readonly callLifetimeMs: number;
  /**
   * The most calls with a provider id that are asked about together, because one request may tell of all of them.
   * @defaultValue `1`: each is asked about by itself
   */
  readonly callsPerLookUp?: number;
}

/**
 * A voice provider. `freeze` decides the request's bytes once; every try of one attempt sends these same bytes under
 * the same key. `place` sends at most one HTTP request and never repeats it.
 */
export interface CallProvider {
  readonly name: string;
  readonly facts: ProviderFacts;
  /**
   * Throws if no request can be made for the contact. The contact is then `failed: invalid`, and other contacts are not
   * affected. Throws a RingfenceError `misconfigured` if no contact could be called. The circuit breaker then opens.
   */
  freeze(call: CallToPlace): string;
  /** Sends `frozen` unless `sendBy` (epoch milliseconds) has passed when a connection is ready. */
  place(frozen: string, key: string, sendBy: number): Promise<PlaceResult>;
  /**
   * Returns what the provider knows of these calls, in the order of the question. Calls without a provider id come
   * together, so that a list of calls is read once for all of them. So do calls with one, up to `callsPerLookUp` of them:
   * what the list does not contain is unknown with the reason `not_listed`, and is asked about by itself.
   */
  lookUp(calls: readonly CallRef[]): Promise<readonly LookUpResult[]>;
  /**
   * The most requests that `lookUp` sends for this question. They are reserved from the connection's budget before it is asked.
   * Default: one for each call.
   */
  lookUpRequests?(calls: readonly CallRef[]): number;
  /**
   * Cancels a call that waits in the provider's queue, and returns what the provider says of the call then. An answered call
   * should not be cut off. Leave it out if the provider cannot cancel calls.
   */
  cancel?(providerCallId: string): Promise<LookUpResult>;
  /**
   * Ends a call, answered or not, and returns what the provider says of it then. Leave it out if the provider cannot end calls.
   */
  hangUp?(providerCallId: string): Promise<LookUpResult>;
  /** Returns the request that `place` would send, made by the same code, with secrets replaced by `***`. Sends nothing. */
  preview(frozen: string, key: string): PreviewedRequest;
  /** @throws RingfenceError `invalid_signature` or `stale_signature`; `misconfigured` if it needs the URL and there is none. */
  verify(webhook: ReceivedWebhook): void;
  /**
   * Returns the events of a webhook. Except for ignored events they must match the schema `CallEvent`: any other event gets 500,
   * and the provider repeats it.
   * @throws RingfenceError `bad_request` if the body is not an event of this provider.
   */
  parse(webhook: ReceivedWebhook): CallEvent[];
  close(): Promise<void>;
}
