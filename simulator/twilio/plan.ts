/** How a call at the stand-in for Twilio goes, and what goes wrong on the way. Words are Twilio's. */

/** A refusal in Twilio's form. */
export interface Refusal {
  readonly kind: 'refuse';
  readonly status: number;
  readonly code: number;
  readonly message: string;
  /** Seconds, for the header `Retry-After`. */
  readonly retryAfter?: number;
}

/** Trouble with one request to create a call. Accepting the call comes before the trouble or after it, or never. */
export type RequestTrouble =
  | Refusal
  | { readonly kind: 'server_error'; readonly accepts: boolean }
  | { readonly kind: 'drop'; readonly accepts: boolean }
  | { readonly kind: 'delay'; readonly ms: number; readonly accepts: 'before' | 'after' }
  | { readonly kind: 'garble' };

export interface Life {
  readonly end: 'completed' | 'busy' | 'no-answer' | 'failed' | 'canceled';
  /** The result of machine detection, if the call asked for it and was answered. */
  readonly answeredBy?: string;
  readonly sipCode?: number;
  /** The call rings for as long as the stand-in runs. */
  readonly lasts?: boolean;
  /** A second terminal callback, `completed`, follows the first. */
  readonly completedToo?: boolean;
}

export interface CallbackTrouble {
  /** None is delivered. */
  readonly drop?: boolean;
  /** Each is delivered this many times more, under the same token. */
  readonly copies?: number;
  /** The last one comes first. */
  readonly reversed?: boolean;
  /** The URL that is signed, where it is not the one that is called. */
  readonly signedUrl?: (url: string) => string;
}

/** What the next call meets. Without anything, it is answered by a person and completes. */
export interface Plan {
  readonly request?: RequestTrouble;
  readonly life?: Life;
  readonly callbacks?: CallbackTrouble;
}
