/**
 * What one carrier's API is like: paths, forms, words, webhooks and signatures. Everything else of the simulator is the
 * same for all carriers: how calls go, what goes wrong, and the ledger.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CallEnd, CallLimits, LifeOutcome } from './call-life.ts';
import type { Timers } from './clock.ts';
import type { EventName, Poses, RequestFault } from './faults.ts';
import type { LedgerRequest } from './ledger.ts';
import type { WebhookTarget } from './options.ts';
import type { SimulatedCall } from './simulated-call.ts';
import type { Message } from './webhook-sender.ts';

/** What a carrier is made with. */
export interface CarrierContext {
  readonly apiKey: string;
  /** The id of the account, where the API has one in its paths. */
  readonly account: string;
  /** The name under which callers send their own id of a call along. */
  readonly reference: string;
  readonly timers: Timers;
  readonly seed: string;
  readonly timeScale: number;
  readonly delivery: DeliveryOptions;
  readonly poses: () => Poses;
  /** Where webhooks go, where the account decides that and not the call. */
  readonly target: () => WebhookTarget | null;
}

/** How a delivery is repeated, where the carrier documents no limits. */
export interface DeliveryOptions {
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  readonly tries: number;
}

/** A placement, as the carrier reads it. */
export interface CallRequest<Details> {
  readonly agentId: string;
  readonly phoneNumber: string;
  readonly limits: CallLimits;
  /** What the carrier takes an end of this call for: it may not know one from another. */
  readonly perceive: (outcome: LifeOutcome) => LifeOutcome;
  /** What only this carrier knows of the call. */
  readonly details: Details;
}

/** What a caller is told instead of an answer. */
export type Trouble =
  | Extract<RequestFault, { readonly kind: 'throttle' | 'refuse' | 'account' | 'server_error' | 'garbled_reply' }>
  /** The request could not be read, or does not come from the account, or there is no such path. */
  | { readonly kind: 'bad_request' | 'unauthorized' | 'not_found' }
  /** A key came again with another body. */
  | { readonly kind: 'conflict' };

export type Refusal = (reply: FastifyReply) => FastifyReply;

/** One moment in the life of a call. */
export interface Moment {
  readonly event: EventName;
  readonly outcome: CallEnd | null;
  /** Distinguishes a second event of the same name. */
  readonly again: boolean;
}

/** The end of a call that never was. */
export interface Stray {
  readonly callId: string;
  readonly outcome: LifeOutcome;
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

export interface AcceptedCalls<Details> {
  get(id: string): SimulatedCall<Details> | undefined;
  newestFirst(): SimulatedCall<Details>[];
  /** Ends a call that nobody has answered yet. @returns whether there was anything to end */
  cancel(call: SimulatedCall<Details>): boolean;
  /** Ends a call that was answered. */
  hangUp(call: SimulatedCall<Details>): void;
}

/** The calls and the handlers from which a carrier builds its routes. */
export interface CarrierHandlers<Details> {
  readonly calls: AcceptedCalls<Details>;
  /** Answers a placement. */
  readonly place: Handler;
  /** Applies the faults that are due for a request, and then answers it. */
  readonly ask: (answer: (request: FastifyRequest, reply: FastifyReply) => FastifyReply) => Handler;
}

export interface Carrier<Details> {
  /** The path of the API, which belongs to an adapter's base URL. */
  readonly root: string;
  /** Whether a repeated key brings back the first answer. */
  honoursKeys(): boolean;
  serve(api: FastifyInstance, handlers: CarrierHandlers<Details>): void;
  kindOf(request: FastifyRequest): LedgerRequest['on'];
  isAuthorized(request: FastifyRequest): boolean;
  /** The caller's own id of the call, with which a placement comes. */
  keyOf(request: FastifyRequest): string | null;
  readPlacement(request: FastifyRequest): CallRequest<Details> | Refusal;
  /** Why the account may not place this call now. */
  refusalOf(request: CallRequest<Details>): Refusal | null;
  /** The id of the nth call that is accepted for a subject. */
  callId(subject: string, nth: number): string;
  /** What a placement is answered with. */
  describe(call: SimulatedCall<Details>): unknown;
  confirm(reply: FastifyReply, described: unknown): FastifyReply;
  /** Tells of trouble in the carrier's words. */
  tell(reply: FastifyReply, trouble: Trouble): FastifyReply;
  /** The webhooks by which a moment is reported: none, one or several. */
  messages(call: SimulatedCall<Details>, moment: Moment): Message[];
  /** Reports the end of something that is not this call under this call's name. */
  strayMessages(call: SimulatedCall<Details>, stray: Stray): Message[];
}
