import type { EndedEvent } from './outcome.ts';

/**
 * What became of one placement, as the placing activity tells the campaign.
 * - `accepted`: the provider has it; `ended` is its terminal event if that came before the provider's reply.
 * - `rejected`: the provider refused this call for good; nothing was placed.
 * - `throttled`, `unavailable`, `blocked`: trouble at the provider that is not this contact's; nothing was placed.
 * - `expired`: by the database's clock the last instant for dialling has passed; nothing was sent.
 * - `delayed`: our database or this machine was too slow, or the first instant for dialling has not come; nothing was sent.
 * - `invalid`: the provider's adapter can make no request of this contact; nothing was sent.
 * - `suppressed`: the number is on the suppression list; nothing was sent.
 * - `removed`: the contact is done or at another attempt, or the campaign is ending; nothing was sent.
 * - `withdrawn`: this placement was recorded as not placed before; nothing is sent under its number.
 * - `superseded`: another run owns the campaign's records; nothing was sent by this one.
 * - `unresolved`: an earlier placement may have been accepted, and this one sent nothing: the provider was not asked.
 * - `cancelled`: cancelled before its worker reported; only the dial record knows whether anything was sent.
 * - `unanswered`: no worker reported. `error`: each try failed with an error of ours, which `reason` names by its code;
 *   otherwise the worker died or is frozen.
 * - `unknown`: the provider may or may not have it; `retryAfterMs` is how long it asked us to wait, if it did.
 */
export type PlacementResult =
  | { readonly kind: 'accepted'; readonly ended: EndedEvent | null }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number | null }
  | { readonly kind: 'unavailable'; readonly reason: string }
  | { readonly kind: 'blocked'; readonly reason: string }
  | { readonly kind: 'expired' }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'delayed' }
  | { readonly kind: 'suppressed' }
  | { readonly kind: 'removed' }
  | { readonly kind: 'withdrawn' }
  | { readonly kind: 'superseded' }
  | { readonly kind: 'unresolved' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'unanswered'; readonly error: boolean; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string; readonly retryAfterMs: number | null };

/**
 * Why a placement is unknown whose request was refused under a key that an earlier one, of unknown fate, had used: the
 * provider may look at the number before it looks at the key, and have accepted the earlier request.
 */
export const REPEAT_REFUSED = 'repeat_refused';

/**
 * What a look-up found out about one call.
 * - `not_placed`: surely nothing was placed; `reason` is the refusal, or null when it simply was never sent.
 * - `live`, `ended`: the provider's word, or an event that was already stored.
 * - `unknown`: nothing could be learned; `mayRepeat` tells that the request itself, sent again, would return the first answer.
 * - `unasked`: the question could not be put; our own records may know the answer.
 */
export type LookUpFinding =
  | { readonly kind: 'not_placed'; readonly reason: string | null }
  | { readonly kind: 'live' }
  | { readonly kind: 'ended'; readonly event: EndedEvent }
  | { readonly kind: 'unknown'; readonly mayRepeat: boolean }
  | { readonly kind: 'unasked' };
