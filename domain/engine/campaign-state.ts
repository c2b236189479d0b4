/**
 * The state of one campaign workflow, carried as JSON from run to run. It holds what is in flight, a small buffer of
 * claimed contacts, counters, the recorded window and flags; its size depends on the limits and never on the roster.
 *
 * A campaign is
 * - `scheduled` from its creation to `beginsAt`,
 * - `active` from then on, whether it may call at this moment or waits for a window,
 * - `paused` between a pause and a resume; places nothing, follows what is live,
 * - `completed` when every contact is in a terminal bucket,
 * - `cancelled` or (contacts left after `ends_at`) `completed`, once `ending` is set and the last live call has ended,
 * - `failed` never by itself: what cannot go on is tried again or waits. Records of earlier versions may say so.
 *
 * A call is `placing` from the decision to place it until the placement answers; then `live` (the provider has it),
 * `unknown` (it may have it) or gone again (surely not placed; the contact returns to `ready`). `live` and `unknown`
 * are left by a terminal event, by a look-up or at the deadline, and then stand in `settled` until the next exchange
 * has written them down. A call id that is not in `inFlight` is over for good: whatever still comes for it is late.
 *
 * Each placement has a number. One that ends without an answer leaves its call `unknown` and `unconfirmed`: its worker
 * may be frozen, and send when it wakes. A look-up confirms the call: either its dial record says that a request may have
 * left, or the number is recorded as not placed, after which the dial refuses it. A pause, an edit and the end of the
 * campaign wait until no call is `placing` or `unconfirmed`.
 */
import { z } from 'zod';
import { EngineSpec } from './campaign-spec.ts';
import { EndedEvent, Outcome } from './outcome.ts';
import { Buckets } from './tally.ts';

const instant = z.number();
const count = z.number().int();

export const CampaignStatus = z.enum(['scheduled', 'active', 'paused', 'completed', 'failed', 'cancelled']);
export type CampaignStatus = z.infer<typeof CampaignStatus>;

/** Why a campaign is being ended: contacts that still wait are skipped with this reason, live calls are followed. */
export const Ending = z.enum(['cancelled', 'expired']);
export type Ending = z.infer<typeof Ending>;

/** What keeps a campaign from placing its next call; null while it can place or has nothing left to place. */
export const WaitingFor = z.enum(['start', 'window', 'daily_cap', 'provider', 'slot', 'system', 'retry']);
export type WaitingFor = z.infer<typeof WaitingFor>;

/** The calling window as it was computed once, and recorded in history. Epoch milliseconds. */
export const RecordedWindow = z.looseObject({
  opensAt: instant,
  /** The search horizon where the window does not close before it. */
  closesAt: instant,
  /** The civil date (YYYY-MM-DD, in the schedule's zone) at `opensAt`. */
  day: z.string(),
  /** The first instant after `opensAt` with another civil date. */
  dayEndsAt: instant,
  /** The first open instant from `dayEndsAt` on; null when there is none within the horizon. */
  nextDayOpensAt: instant.nullable(),
  /** Release of the IANA data that it was computed with, such as `2026f`. */
  zoneData: z.string(),
});
export type RecordedWindow = z.infer<typeof RecordedWindow>;

/** The provider's properties that pacing depends on, recorded with the window. Milliseconds. */
export const PacingFacts = z.looseObject({
  /** Nothing is sent within this time before a window's close or a day's end: the request and the provider's queue need it. */
  dialMarginMs: instant,
  /** From acceptance to the moment at which a call is looked up if nothing was heard of it. */
  callLifetimeMs: instant,
  /** From that moment until the call is given up as lost if nothing can be learned. */
  graceMs: instant,
  /** How long the provider surely remembers a key. */
  keyTtlMs: instant,
  /** Whether the server knows our search attributes: setting an unknown one would stall the workflow. */
  searchAttributes: z.boolean(),
});
export type PacingFacts = z.infer<typeof PacingFacts>;

export const ReadyContact = z.looseObject({ seq: count, attempt: count });
export type ReadyContact = z.infer<typeof ReadyContact>;

export const InFlightCall = z.looseObject({
  seq: count,
  attempt: count,
  phase: z.enum(['placing', 'live', 'unknown']),
  /** The number of its latest placement in the state's epoch; 0 for a call that was adopted. */
  placement: count,
  /** Whether that placement ended without an answer, and nobody knows yet whether it may still send. */
  unconfirmed: z.boolean(),
  /** The civil day whose cap this call counts against. */
  day: z.string(),
  /** Nothing may be sent for this call at or after this instant. */
  notAfter: instant,
  /** When it was, or may have been, sent first. */
  sentAt: instant,
  /** When to look it up if nothing is heard; null while a look-up is under way. */
  checkAt: instant.nullable(),
  /** When it is given up if a look-up teaches nothing. */
  deadlineAt: instant,
  /** Look-ups made without learning anything since the last news. */
  checks: count,
  /** Whether the provider, asked under the same key once more, would return its first answer: set by a look-up. */
  mayRepeat: z.boolean(),
  /** Whether the last exchange already wrote it down as in progress. */
  synced: z.boolean(),
  /** Set on a retry when fewer retries were granted while it was in flight: if it was not placed, the records decide. */
  retryInDoubt: z.boolean().optional(),
  /** Its end by an event that came before the reply to its placement, which decides whether the event is of this call. */
  heldEnd: EndedEvent.optional(),
});
export type InFlightCall = z.infer<typeof InFlightCall>;

/** What an exchange writes down about one attempt. */
export const Settlement = z.looseObject({
  seq: count,
  attempt: count,
  to: z.enum(['completed', 'failed', 'skipped', 'retrying']),
  reason: z.string(),
  /** Null when no call took place. */
  outcome: Outcome.nullable(),
  at: instant,
  retryAt: instant.nullable(),
  /** Whether the contact stood as in progress in the counts of the last exchange. */
  synced: z.boolean(),
  /** When it was added here: what waits too long is exchanged by itself. */
  since: instant,
  /** The event that ended it, to tell a duplicate from a late event; null when no event did. */
  eventId: z.string().nullable(),
});
export type Settlement = z.infer<typeof Settlement>;

/** What the last exchange told PostgreSQL about the campaign itself. */
export const CampaignSync = z.looseObject({
  status: CampaignStatus,
  ending: Ending.nullable(),
  waitingFor: WaitingFor.nullable(),
  until: instant.nullable(),
  /** Calls placed on the recorded window's day. */
  placed: count,
  /** Release of the IANA data behind the recorded window; null while there is none. */
  zoneData: z.string().nullable(),
});
export type CampaignSync = z.infer<typeof CampaignSync>;

/** Trouble at the provider: nothing is placed until `until`; afterwards one call at first, then twice as many each time. */
export const Breaker = z.looseObject({
  reason: z.string(),
  openUntil: instant,
  failures: count,
});
export type Breaker = z.infer<typeof Breaker>;

/** Our own database or machines are too slow to dial: nothing is placed until `until`. */
export const SystemWait = z.looseObject({
  until: instant,
  /** How many waits in a row. */
  waits: count,
});
export type SystemWait = z.infer<typeof SystemWait>;

export const CampaignState = z.looseObject({
  version: z.literal(1),
  /** Which adoption of the campaign's records this state goes back to; 0 before the first. */
  epoch: count,
  /** The number of the latest placement. */
  placements: count,
  spec: EngineSpec,
  status: CampaignStatus,
  ending: Ending.nullable(),
  /** Once ending: whether the contacts that will not be called any more have been moved to `skipped`. */
  closed: z.boolean(),
  beginsAt: instant,
  facts: PacingFacts.nullable(),
  window: RecordedWindow.nullable(),
  /** When the recorded window was answered. */
  windowAnsweredAt: instant.nullable(),
  /** Set when a placement found the window over although our clock had not: ask for the next one. */
  windowSpent: z.boolean(),
  /** When to ask again after nothing was found to open; null when the last question had an answer. */
  askWindowAgainAt: instant.nullable(),
  placedByDay: z.record(z.string(), count),
  ready: z.array(ReadyContact),
  inFlight: z.record(z.string(), InFlightCall),
  settled: z.array(Settlement),
  /** Contacts that were reported as in progress but surely were not called. */
  returned: z.array(ReadyContact),
  /** Claimed retries that the terms no longer grant: the next exchange gives the claims back, and ends the retries. */
  released: z.array(ReadyContact),
  /**
   * While retries that the terms no longer grant may wait in the roster: each exchange ends some of them, those of contacts
   * above this number next. Null: there are none.
   */
  endRetriesAfter: count.nullable(),
  exchangeNumber: count,
  /** The roster as the last exchange left it. */
  roster: z.looseObject({
    buckets: Buckets,
    moreToClaim: z.boolean(),
    nextRetryAt: instant.nullable(),
    countedAt: instant,
  }),
  breaker: Breaker.nullable(),
  systemWait: SystemWait.nullable(),
  /** How many placements may be under way at once while the provider's health is being felt out; null: as many as slots. */
  slowStart: count.nullable(),
  lastSync: CampaignSync,
  /** Changed terms, as fields of the request, that the next exchange writes down; null: none. */
  pendingTerms: z.record(z.string(), z.unknown()).nullable(),
  /** Ids of the latest commands, the last one last: a command may come as an update and again as a signal. */
  commandIds: z.array(z.string()),
  /** Set when another run has taken over the campaign's records: adopt before doing anything else. */
  superseded: z.boolean(),
  heard: z.looseObject({ late: count, duplicate: count, malformed: count }),
});
export type CampaignState = z.infer<typeof CampaignState>;
