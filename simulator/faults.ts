import { z } from 'zod';
import { LifeOutcome } from './call-life.ts';

/**
 * Everything that the simulated provider can be told to do wrong, as plain data: in the constructor or by `PUT /faults`.
 * Durations named `ms` are real milliseconds; those of a `life` are the provider's and shrink with the time scale.
 */

export const CARRIERS = ['truedy', 'twilio', 'retell'] as const;
/** Whose API the simulator speaks. */
export type CarrierName = (typeof CARRIERS)[number];

const Ms = z.int().min(0).max(86_400_000);
const When = z.enum(['before', 'after']);
/** A hundred years. */
const LONGEST_SHIFT_MS = 3_155_760_000_000;

export const EventName = z.enum(['call.started', 'call.joined', 'call.ended', 'call.billed']);
export type EventName = z.infer<typeof EventName>;
/** Which of a call's events are meant; the terminal one is `call.ended` here, however it is spelled on the wire. */
const events = z.array(EventName).min(1).default(EventName.options);
/** How many deliveries of the event are spoiled before a good one follows. */
const deliveries = z.int().min(1).default(1);

/** What happens to one request; `before` and `after` mean accepting the call. */
export const RequestFault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('throttle'), retry_after: z.union([z.int().min(0), z.string()]).optional() }),
  z.strictObject({
    kind: z.literal('server_error'),
    status: z.int().min(500).max(599).default(500),
    when: When.default('before'),
  }),
  z.strictObject({ kind: z.literal('drop_reply'), when: When.default('after') }),
  z.strictObject({ kind: z.literal('delay_reply'), ms: Ms, when: When.default('after') }),
  z.strictObject({ kind: z.literal('garbled_reply') }),
  z.strictObject({
    kind: z.literal('refuse'),
    status: z.union([z.literal(400), z.literal(422)]).default(422),
    field: z.string().default('phone_number'),
  }),
  /** Trouble of our account: 401, 402, 403, or 404 for an agent that is not known. */
  z.strictObject({
    kind: z.literal('account'),
    status: z.union([z.literal(401), z.literal(402), z.literal(403), z.literal(404)]),
  }),
]);
export type RequestFault = z.infer<typeof RequestFault>;

/** What happens to a call once it is accepted. */
export const CallFault = z.discriminatedUnion('kind', [
  /** Never reports and does not end until its maximum duration, and then in silence. */
  z.strictObject({ kind: z.literal('lost_call') }),
  z.strictObject({
    kind: z.literal('life'),
    outcome: LifeOutcome.optional(),
    queue_ms: Ms.optional(),
    ring_ms: Ms.optional(),
    talk_ms: Ms.optional(),
  }),
  /** A second terminal event, under another id and with another outcome. */
  z.strictObject({ kind: z.literal('second_end'), outcome: LifeOutcome, ms: Ms.default(0) }),
  z.strictObject({ kind: z.literal('event_duplicate'), events, copies: z.int().min(1).max(100).default(1) }),
  z.strictObject({ kind: z.literal('event_drop'), events }),
  z.strictObject({ kind: z.literal('event_delay'), events, ms: Ms }),
  /** The call's events go out once it is over, last first. */
  z.strictObject({ kind: z.literal('event_reorder') }),
  /** The reply to the placement waits until these events have been delivered once. */
  z.strictObject({
    kind: z.literal('event_before_reply'),
    events: z.array(EventName).min(1).default(['call.started']),
  }),
  z.strictObject({ kind: z.literal('event_wrong_signature'), events, deliveries }),
  z.strictObject({ kind: z.literal('event_too_old'), events, deliveries }),
  z.strictObject({ kind: z.literal('event_altered'), events, deliveries }),
  /** Our variables do not come back in these events, whatever the poses say: they name the provider's own id alone. */
  z.strictObject({ kind: z.literal('event_no_echo'), events }),
  /** The times in these events, and those that a look-up tells, are wrong by so much, or written in another form. */
  z.strictObject({
    kind: z.literal('event_time'),
    events,
    shift_ms: z.int().min(-LONGEST_SHIFT_MS).max(LONGEST_SHIFT_MS).default(0),
    /** ISO 8601, Unix seconds, or Unix milliseconds with a fraction. */
    form: z.enum(['iso', 'seconds', 'fraction']).default('iso'),
  }),
  /** The ids of these events have so many characters. */
  z.strictObject({ kind: z.literal('event_id'), events, length: z.int().min(1).max(10_000) }),
  /**
   * So long after the placement was answered, and unless the call is over, the end of a call that never was is reported
   * with our variables: under an id that nobody knows, or that of another call.
   */
  z.strictObject({
    kind: z.literal('stray_end'),
    outcome: LifeOutcome,
    ms: Ms.default(0),
    of: z.enum(['nobody', 'another']).default('nobody'),
  }),
  /** The end is never reported, and look-ups say for ever that the call goes on. */
  z.strictObject({ kind: z.literal('stuck') }),
]);
export type CallFault = z.infer<typeof CallFault>;

/** The faults of calls that a carrier cannot have: it has no such field, or only one end, or names each call in one way. */
export const LACKS: Readonly<Record<CarrierName, readonly CallFault['kind'][]>> = {
  truedy: [],
  twilio: ['event_too_old', 'event_no_echo', 'event_id', 'stray_end'],
  retell: ['event_no_echo', 'event_id', 'stray_end', 'second_end'],
};

const REQUEST_KINDS: ReadonlySet<string> = new Set(RequestFault.options.map(({ shape }) => shape.kind.value));

export function isRequestFault(fault: RequestFault | CallFault): fault is RequestFault {
  return REQUEST_KINDS.has(fault.kind);
}

const Pattern = z.string().refine((text) => {
  try {
    return new RegExp(text).source !== '';
  } catch {
    return false;
  }
}, 'must be a regular expression');

const FaultRule = z.strictObject({
  match: z
    .strictObject({
      /** The kind of request meant. */
      on: z.enum(['place', 'get', 'list', 'cancel']).default('place'),
      /** A regular expression for the idempotency key, or for the caller's own id of the call where there are no keys. */
      key: Pattern.optional(),
      phone_suffix: z.string().regex(/^\d+$/).optional(),
      /** The request's number among those of its kind since the plan was set, from 1. */
      nth: z.union([z.int().min(1), z.array(z.int().min(1)).min(1)]).optional(),
    })
    .prefault({}),
  /** Drawn by seed, key and the number of tries under this key, so that a try may fare better than the one before. */
  probability: z.number().min(0).max(1).default(1),
  /** How often the rule applies at most. */
  times: z.int().min(1).optional(),
  fault: z.union([RequestFault, CallFault]),
});
export type FaultRule = z.infer<typeof FaultRule>;

const Outage = z
  .strictObject({
    /** From when the plan was set. */
    from_ms: Ms.default(0),
    to_ms: Ms.optional(),
    /** 401, 402 and 403: trouble of the account. */
    how: z.enum(['503', 'destroy', '401', '402', '403']).default('503'),
  })
  .refine(({ from_ms, to_ms }) => to_ms === undefined || to_ms > from_ms, 'to_ms must be later than from_ms');
export type Outage = z.infer<typeof Outage>;

/** How the provider is made, as against what befalls it. A pose that only some carriers can take says so. */
const Poses = z.strictObject({
  /** Whether events are sent at all. Off: every one is lost, also one that is to be tried again. */
  webhooks: z.boolean().default(true),
  /** Truedy. */
  honours_keys: z.boolean().default(true),
  /** `by_variables` gives a call's variables back when it is read or listed (Truedy); `nothing` denies every call. */
  finds: z.enum(['by_id', 'by_variables', 'nothing']).default('by_id'),
  /** Lists leave calls out that were accepted less than so long ago. */
  list_lag_ms: Ms.default(0),
  /** Whether variables come back in events (Truedy). */
  echoes: z.boolean().default(true),
  /** Whether events carry an id (Truedy, Twilio). */
  event_ids: z.boolean().default(true),
  /** Whether a redelivery gets a new signature, or keeps the first one (Truedy). */
  signs_anew: z.boolean().default(true),
  /** Truedy. */
  spelling: z.enum(['ended', 'completed']).default('ended'),
  /** Which spelling of the URL that it calls is signed (Twilio): with the overrides, as it was given with the call. */
  signed_url: z.enum(['as_called', 'without_port', 'with_overrides']).default('as_called'),
  /** The agents that exist; null: any (Truedy, Retell). */
  agents: z.array(z.string()).nullable().default(null),
  /** The account's numbers to call from; null: any (Retell). */
  numbers: z.array(z.string()).nullable().default(null),
  /** Calls that the account may have under way at the same time: others are refused as too many. Null: any number. */
  concurrency_limit: z.int().min(0).nullable().default(null),
});
export type Poses = z.infer<typeof Poses>;

export const FaultPlan = z.strictObject({
  rules: z.array(FaultRule).default([]),
  outages: z.array(Outage).default([]),
  poses: Poses.prefault({}),
});
export type FaultPlan = z.infer<typeof FaultPlan>;
