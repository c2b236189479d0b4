/**
 * The messages between the engine and a provider's adapter. Adapters may come from other programs, so their answers are parsed
 * here before the engine uses them.
 */
import { z } from 'zod';
import { isStorable } from '../contacts/contact.ts';
import { AccountFault, type Outcome, ToldOutcome } from '../engine/outcome.ts';

/** A call to be placed, from the roster. Contains personal data: never log it, never pass it to a workflow. */
export interface CallToPlace {
  readonly callId: string;
  readonly agentId: string;
  /** Strict E.164. */
  readonly phoneNumber: string;
  readonly extension: string | null;
  /** The provider's id of the number to call from, chosen by the campaign's rotation. Null: the provider chooses. */
  readonly fromNumberId: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly email: string | null;
  readonly customFields: Readonly<Record<string, string>>;
}

/** A reason appears in histories and logs. Anything but a short code may be the provider's text, and is left out. */
const Reason = z
  .string()
  .regex(/^[\w.:-]{1,80}$/)
  .catch('unnamed');
const ProviderCallId = z.string().min(1).max(200).refine(isStorable);
/** The latest instant that a Date can hold. */
const LATEST_MS = 8.64e15;

/**
 * The answer to one attempt to place a call.
 * - `accepted`: the provider has the call, with a provider id.
 * - `rejected`: the provider permanently refused this call; nothing was placed.
 * - `throttled`: too many requests; nothing was placed.
 * - `unavailable`: the request never reached the provider (no connection); nothing was placed.
 * - `blocked`: the account or the agent is refused; nothing was placed.
 * - `expired`: `sendBy` had passed when a connection was ready; nothing was sent.
 * - `unknown`: the provider may have the call (timeout, lost connection, 5xx, unreadable answer).
 * `reason` is a short code, never the provider's text.
 */
export const PlaceResult = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('accepted'), providerCallId: ProviderCallId }),
  z.object({ kind: z.literal('rejected'), reason: Reason }),
  z.object({
    kind: z.literal('throttled'),
    /** Milliseconds. Null if the provider gives no valid time. */
    retryAfterMs: z.number().min(0).transform(Math.ceil).nullable().catch(null),
  }),
  z.object({ kind: z.literal('unavailable'), reason: Reason }),
  z.object({ kind: z.literal('blocked'), reason: Reason }),
  z.object({ kind: z.literal('expired') }),
  z.object({ kind: z.literal('unknown'), reason: Reason }),
]);
export type PlaceResult = Readonly<z.infer<typeof PlaceResult>>;

/** A call to look up. Contains personal data: never log it, never pass it to a workflow. */
export interface CallRef {
  /** Ringfence's id of the call. Null if unknown: the call may belong to another system. */
  readonly callId: string | null;
  /** The provider's id of the call. Null if unknown. */
  readonly providerCallId: string | null;
  /** The request that was sent for it, as `freeze` returned it, for providers that find calls by what they contain. */
  readonly request?: string | null;
  /** When that request was first sent, in epoch milliseconds. */
  readonly firstSentAt?: number | null;
}

/** The details that identify a call whose reply was lost, as far as the provider gives them. Invalid values become null. */
export const Particulars = z.object({
  /** Strict E.164. */
  phoneNumber: z
    .string()
    .regex(/^\+[1-9]\d{6,14}$/)
    .nullable()
    .catch(null),
  agentId: z.string().min(1).max(200).refine(isStorable).nullable().catch(null),
  /** The time of acceptance by the provider's clock, in epoch milliseconds. */
  placedAt: z.number().min(0).max(LATEST_MS).transform(Math.round).nullable().catch(null),
});
export type Particulars = Readonly<z.infer<typeof Particulars>>;

/**
 * The fault of the account for which an accepted call did not take place: `throttled` or `blocked`, as for a refused placement, a
 * colon and a short code. Only with the outcome `failed`. The campaign holds, and the attempt does not count.
 */
const accountFault = AccountFault.optional().catch(undefined);
const onlyIfFailed = (end: { readonly outcome: Outcome | null; readonly accountFault?: string | undefined }): boolean =>
  end.accountFault === undefined || end.outcome === 'failed';
const ONLY_IF_FAILED = { path: ['accountFault'], message: 'must be there only with the outcome failed' };

/**
 * The reason of a call that is unknown because the provider's list, which was asked about several calls with one request, does
 * not contain it. A question about this call alone may find it.
 */
export const NOT_LISTED = 'not_listed';

/** What the provider knows of a call now. `unknown`: the provider gave no answer about it, which proves nothing. */
export const LookUpResult = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('live'),
    providerCallId: ProviderCallId,
    /** Whether it was accepted and is not yet dialled. Undefined: the provider does not tell. */
    queued: z.boolean().optional().catch(undefined),
    particulars: Particulars.optional().catch(undefined),
  }),
  z
    .object({
      kind: z.literal('ended'),
      providerCallId: ProviderCallId,
      outcome: ToldOutcome,
      accountFault,
      /** Epoch milliseconds. Null if the provider gives no valid time. */
      endedAt: z.number().min(0).max(LATEST_MS).transform(Math.round).nullable().catch(null),
      particulars: Particulars.optional().catch(undefined),
    })
    .refine(onlyIfFailed, ONLY_IF_FAILED),
  z.object({ kind: z.literal('unknown'), reason: Reason }),
]);
export type LookUpResult = Readonly<z.infer<typeof LookUpResult>>;

/** An event from a provider's webhook. Only `ended` frees a slot. The others are stored, and look-ups read them. */
export const CallEvent = z
  .object({
    /** The provider's id of the event. Without one: an id made of call and event name. */
    eventId: z.string().min(1).max(200).refine(isStorable),
    kind: z.enum(['started', 'joined', 'ended', 'billed', 'ignored']),
    /** Ringfence's call id, if the provider returns it. */
    callId: z.string().min(1).max(120).refine(isStorable).nullable(),
    providerCallId: ProviderCallId.nullable(),
    /** Required for `ended`, null otherwise. */
    outcome: ToldOutcome.nullable(),
    /** The provider's word for the outcome, unchanged. */
    outcomeAsSent: z.string().refine(isStorable).nullable(),
    accountFault,
    /** Epoch milliseconds, a whole number. */
    occurredAt: z.int().min(0).max(LATEST_MS),
  })
  .refine(({ kind, outcome }) => (kind === 'ended') === (outcome !== null), {
    path: ['outcome'],
    message: 'must be there for kind ended, and only there',
  })
  .refine(onlyIfFailed, ONLY_IF_FAILED);
export type CallEvent = Readonly<z.infer<typeof CallEvent>>;
