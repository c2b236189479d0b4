/** What a stand-in for Retell does to requests and calls besides its duty. Each part of the plan meets its calls in turn. */
import type { DisconnectionReason } from './words.ts';

export type PlacementFault =
  /** Refuses the request, so that there is no call. */
  | { readonly kind: 'refuse'; readonly status: number; readonly message: string; readonly retryAfterS?: number }
  /** Replies 500, `after`: although there is a call. */
  | { readonly kind: 'server_error'; readonly when: 'before' | 'after' }
  /** Breaks the connection without a reply. */
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' }
  /** Waits before it registers the call, or before it replies. */
  | { readonly kind: 'delay'; readonly when: 'before' | 'after'; readonly ms: number }
  /** Replies with something that is no call. */
  | { readonly kind: 'garble' };

/** How a call goes: its end, or that it lasts until the stand-in closes. */
export type CallLife = DisconnectionReason | 'lasts';

/** `drop`: the delivery is lost. `twice`: it comes again after its 2xx. */
export type WebhookFault = 'drop' | 'twice';

export interface Plan {
  /** For the next placements, in order. */
  readonly placements?: readonly PlacementFault[];
  /** For the next calls, in order. Calls after them end as `user_hangup`. */
  readonly lives?: readonly CallLife[];
  /** For all webhooks. Default: each is delivered until it gets a 2xx, as often as Retell tries. */
  readonly webhooks?: WebhookFault;
  /** Status of every look-up. Default: they are answered. */
  readonly lookUps?: number;
  /** Whether the list leaves every call out, as if it lagged. */
  readonly listLags?: boolean;
}
