import type { PlaceResult } from './provider-messages.ts';

/**
 * What the answer to a dial says about the connection.
 * - `works`: the provider has taken the call, or refused something that concerns this call or campaign alone.
 * - `fails`: trouble of the whole connection.
 * - `doubt`: the outcome is unknown. A probe has failed. Otherwise it may have been this request alone.
 * - `nothing`: nothing was sent.
 */
export type Verdict =
  | { readonly kind: 'works' | 'nothing' }
  | { readonly kind: 'doubt'; readonly reason: string }
  | { readonly kind: 'fails'; readonly reason: string; readonly retryAfterMs: number | null };

export function verdictOf(answer: PlaceResult): Verdict {
  switch (answer.kind) {
    case 'accepted':
    case 'rejected':
      return { kind: 'works' };
    case 'throttled':
      return { kind: 'fails', reason: 'throttled', retryAfterMs: answer.retryAfterMs };
    case 'unavailable':
      return { kind: 'fails', reason: `unavailable:${answer.reason}`, retryAfterMs: null };
    case 'blocked':
      return OF_THE_ACCOUNT.has(answer.reason)
        ? { kind: 'fails', reason: `blocked:${answer.reason}`, retryAfterMs: null }
        : { kind: 'works' };
    case 'unknown':
      return /^http_5\d\d$/.test(answer.reason)
        ? { kind: 'fails', reason: `unavailable:${answer.reason}`, retryAfterMs: null }
        : { kind: 'doubt', reason: `unknown:${answer.reason}` };
    case 'expired':
      return { kind: 'nothing' };
  }
}

/** Reasons of `blocked` that would meet any call of the account. Others concern the agent, the number to call from or the request. */
const OF_THE_ACCOUNT: ReadonlySet<string> = new Set([
  'unauthorized',
  'payment_required',
  'forbidden',
  'http_401',
  'http_402',
  'http_403',
  'account_not_found',
  'account_not_active',
  'trial_account',
  'voice_disabled',
]);
