/**
 * What passes between the engine and a provider's adapter. An adapter may be anybody's: what it answers is parsed here
 * before the engine acts on it.
 */
import { z } from 'zod';
import { isStorable } from '../contacts/contact.ts';
import { ToldOutcome } from '../engine/outcome.ts';

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

/** A reason goes into histories and logs. What is no short code may be the provider's own text, and is left out. */
const Reason = z
  .string()
  .regex(/^[\w.:-]{1,80}$/)
  .catch('unnamed');
const ProviderCallId = z.string().min(1).max(200).refine(isStorable);
/** The latest instant that a Date can hold. */
const LATEST_MS = 8.64e15;

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
export const PlaceResult = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('accepted'), providerCallId: ProviderCallId }),
  z.object({ kind: z.literal('rejected'), reason: Reason }),
  z.object({
    kind: z.literal('throttled'),
    /** Null where the provider does not say, or says nothing that is a time. */
    retryAfterMs: z.number().min(0).transform(Math.ceil).nullable().catch(null),
  }),
  z.object({ kind: z.literal('unavailable'), reason: Reason }),
  z.object({ kind: z.literal('blocked'), reason: Reason }),
  z.object({ kind: z.literal('expired') }),
  z.object({ kind: z.literal('unknown'), reason: Reason }),
]);
export type PlaceResult = Readonly<z.infer<typeof PlaceResult>>;

/** A call that the provider is asked about. */
export interface CallRef {
  /** Our id of the call; null: that of a call which may be anybody's. */
  readonly callId: string | null;
  /** The provider's id; null: not known. */
  readonly providerCallId: string | null;
}

/** By what a call is recognised whose reply was lost, as far as the provider says. What is none of it reads as null. */
export const Particulars = z.object({
  /** Strict E.164. */
  phoneNumber: z
    .string()
    .regex(/^\+[1-9]\d{6,14}$/)
    .nullable()
    .catch(null),
  agentId: z.string().min(1).max(200).refine(isStorable).nullable().catch(null),
  /** When it was accepted, by the provider's clock. Milliseconds since the epoch. */
  placedAt: z.number().min(0).max(LATEST_MS).transform(Math.round).nullable().catch(null),
});
export type Particulars = Readonly<z.infer<typeof Particulars>>;

/** What the provider knows of a call now. `unknown`: it could not be asked, or does not say; no proof of anything. */
export const LookUpResult = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('live'),
    providerCallId: ProviderCallId,
    particulars: Particulars.optional().catch(undefined),
  }),
  z.object({
    kind: z.literal('ended'),
    providerCallId: ProviderCallId,
    outcome: ToldOutcome,
    /** Milliseconds since the epoch; null where the provider does not say, or says nothing that is a time. */
    endedAt: z.number().min(0).max(LATEST_MS).transform(Math.round).nullable().catch(null),
    particulars: Particulars.optional().catch(undefined),
  }),
  z.object({ kind: z.literal('unknown'), reason: Reason }),
]);
export type LookUpResult = Readonly<z.infer<typeof LookUpResult>>;

/** One event out of a provider's webhook. Only `ended` frees a slot; the others are kept and read by look-ups. */
export const CallEvent = z
  .object({
    /** The provider's id of the event, or one made of call and event name where it gives none. */
    eventId: z.string().min(1).max(200).refine(isStorable),
    kind: z.enum(['started', 'joined', 'ended', 'billed', 'ignored']),
    /** Our own call id where the provider echoes it. */
    callId: z.string().min(1).max(120).refine(isStorable).nullable(),
    providerCallId: ProviderCallId.nullable(),
    /** Only for `ended`, and always there. */
    outcome: ToldOutcome.nullable(),
    /** The provider's own word for the outcome, as it came. */
    outcomeAsSent: z.string().refine(isStorable).nullable(),
    /** Milliseconds since the epoch, whole. */
    occurredAt: z.int().min(0).max(LATEST_MS),
  })
  .refine(({ kind, outcome }) => (kind === 'ended') === (outcome !== null), {
    path: ['outcome'],
    message: 'must be there for kind ended, and only there',
  });
export type CallEvent = Readonly<z.infer<typeof CallEvent>>;
