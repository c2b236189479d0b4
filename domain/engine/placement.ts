import type { DueFor, ProviderTrouble } from './campaign-state.ts';
import type { EndedEvent } from './outcome.ts';

/**
 * The result of one placement, from the placing activity.
 * - `accepted`: the provider has it; `ended` is its terminal event if that came before the provider's reply.
 * - `rejected`: the provider permanently refused this call; nothing was placed.
 * - `blocked`: provider trouble that concerns this campaign and not this contact; nothing was placed.
 * - `held`: provider trouble of the whole connection; nothing was placed. Either the provider refused this dial, or the connection's
 *   circuit breaker did and nothing was sent. `afterMs`: when to try again.
 * - `expired`: by the database's clock the last instant for dialling has passed; nothing was sent.
 * - `delayed`: the database or this machine was too slow, or it is too early to dial; nothing was sent.
 * - `later`: the connection's calls per second are taken for the next seconds; nothing was sent. `afterMs`: when to try again.
 * - `next_day`: the account's calls of the day are placed, or its day is about to end; nothing was sent. `until`: when its next day
 *   begins, in epoch milliseconds of the database's clock.
 * - `postponed`: the contact may be called from `until` (epoch milliseconds of the database's clock) on, `afterMs` from now, because
 *   its number has had its calls; nothing was sent. Other contacts are not concerned.
 * - `stopped`: a stop by an administrator covers the campaign; nothing was sent.
 * - `invalid`: the provider's adapter cannot build a request for this contact; nothing was sent.
 * - `suppressed`: the number is on the suppression list; nothing was sent.
 * - `not_allowed`: the connection does not allow the country or the kind of the number; nothing was sent.
 * - `removed`: the contact is over or at another attempt, or the campaign is ending; nothing was sent.
 * - `withdrawn`: this placement was already recorded as not sent; nothing is sent under its number.
 * - `superseded`: another run owns the campaign's records; nothing was sent by this one.
 * - `unresolved`: an earlier placement may have been accepted, and this one sent nothing: the provider was not asked.
 * - `cancelled`: cancelled before its worker reported; only the dial record knows whether anything was sent.
 * - `unanswered`: no worker reported. With `error`, each try failed with an error of Ringfence, whose code is `reason`.
 *   Otherwise the worker died or is frozen.
 * - `unknown`: the provider may have the call. `retryAfterMs` is the pause that it asked for, if any.
 */
export type PlacementResult =
  | { readonly kind: 'accepted'; readonly ended: EndedEvent | null }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'blocked'; readonly reason: string }
  | { readonly kind: 'held'; readonly afterMs: number; readonly trouble: ProviderTrouble }
  | { readonly kind: 'expired' }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'delayed' }
  | { readonly kind: 'later'; readonly afterMs: number }
  | { readonly kind: 'next_day'; readonly until: number }
  | { readonly kind: 'postponed'; readonly until: number; readonly afterMs: number; readonly waitsFor: DueFor }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'suppressed' }
  | { readonly kind: 'not_allowed'; readonly reason: 'country_not_allowed' | 'number_type_not_allowed' }
  | { readonly kind: 'removed' }
  | { readonly kind: 'withdrawn' }
  | { readonly kind: 'superseded' }
  | { readonly kind: 'unresolved' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'unanswered'; readonly error: boolean; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string; readonly retryAfterMs: number | null };

/**
 * The reason of an unknown placement whose request was refused under a key that an earlier, unknown request had used. The provider
 * may check the number before the key, and may have accepted the earlier request.
 */
export const REPEAT_REFUSED = 'repeat_refused';

/** The reason of `blocked` where no worker has the campaign's connection, or one of its secrets is missing. */
export const NO_CONNECTION = 'no_connection';

/**
 * What a look-up found out about one call.
 * - `not_placed`: certainly nothing was placed. `reason` is the refusal, or null if no request was sent.
 * - `live`, `ended`: from the provider, or from a stored event. `queued`: the provider has accepted the call and not yet dialled it.
 * - `unknown`: nothing was found. `mayRepeat`: a repeat of the request would return the provider's first answer. `noConnection`:
 *   no worker has the campaign's connection any more, so the provider cannot be asked.
 * - `deferred`: Ringfence's own records do not have the answer, and the connection's budget of look-ups did not cover the question.
 * - `unasked`: the look-up was not possible. Ringfence's own records may have the answer.
 */
export type LookUpFinding =
  | { readonly kind: 'not_placed'; readonly reason: string | null }
  | { readonly kind: 'live'; readonly queued: boolean }
  | { readonly kind: 'ended'; readonly event: EndedEvent }
  | { readonly kind: 'unknown'; readonly mayRepeat: boolean; readonly noConnection?: true }
  | { readonly kind: 'deferred'; readonly retryAfterMs: number }
  | { readonly kind: 'unasked' };
