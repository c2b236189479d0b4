/**
 * The state of one campaign workflow, carried as JSON from run to run. It contains the calls in flight, a small buffer of
 * claimed contacts, counters, the recorded window and flags. Its size depends on the limits, not on the roster.
 *
 * A campaign is
 * - `scheduled` from its creation to `beginsAt`,
 * - `active` from then on, whether it can call now or waits,
 * - `paused` between a pause and a resume: it places no calls and tracks the live ones,
 * - `completed` when every contact is in a terminal bucket, unless it is open-ended,
 * - `cancelled`, or `completed` if contacts are left after `ends_at`, once `ending` is set and the last live call has ended,
 * - `failed` never in the workflow: it retries or waits instead. Records of earlier versions may have this status.
 *
 * A call is `placing` from the decision to place it until the placement answers. Then it is `live` (the provider has it),
 * `unknown` (the provider may have it) or removed (certainly not placed; the contact returns to `ready`). A terminal event,
 * a look-up or the deadline ends a live or unknown call. It is then in `settled` until the next exchange records it. A
 * call whose id is not in `inFlight` is over permanently, and later events for it are late.
 *
 * Each placement has a number. A placement that ends without an answer makes its call `unknown` and `unconfirmed`: its worker
 * may be frozen, and may send later. A look-up confirms the call. Either its dial record shows that a request may have left, or
 * the number is recorded as not placed, and the dial refuses it from then on. A pause, an edit and the end of the campaign
 * wait until no call is `placing` or `unconfirmed`.
 */
import { z } from 'zod';
import { EngineSpec } from './campaign-spec.ts';
import { AccountFault, EndedEvent, Outcome } from './outcome.ts';
import { Buckets } from './tally.ts';

const instant = z.number();
const count = z.number().int();

export const CampaignStatus = z.enum(['scheduled', 'active', 'paused', 'completed', 'failed', 'cancelled']);
export type CampaignStatus = z.infer<typeof CampaignStatus>;

/** Why a campaign is ending. Waiting contacts are skipped with this reason, and live calls run to their end. */
export const Ending = z.enum(['cancelled', 'expired']);
export type Ending = z.infer<typeof Ending>;

/** What prevents a campaign's next call. Null while it can place calls, or if none is left. */
export const WaitingFor = z.enum([
  'stopped',
  'start',
  'window',
  'daily_cap',
  'account',
  'provider',
  'connection',
  'slot',
  'system',
  'number',
  'retry',
]);
export type WaitingFor = z.infer<typeof WaitingFor>;

/** A calling window, computed once and recorded in the history. Epoch milliseconds. */
export const RecordedWindow = z.looseObject({
  opensAt: instant,
  /** The search horizon if the window does not close before it. */
  closesAt: instant,
  /** The first open instant from the end of the recorded day on. Null if there is none within the horizon. */
  nextDayOpensAt: instant.nullable(),
  /** Release of the IANA data behind it, such as `2026f`. */
  zoneData: z.string(),
  /** Release of the holiday data behind it. Null if the schedule names no holidays. */
  holidayData: z.string().nullable(),
  /** The zones in which it is open, in words. Left out where it is that of the campaign. */
  zones: z.string().optional(),
});
export type RecordedWindow = z.infer<typeof RecordedWindow>;

/** The civil day of the daily cap at the earliest opening, recorded with the windows. Its zone may differ from that of the hours. */
export const RecordedDay = z.looseObject({
  /** YYYY-MM-DD. */
  date: z.string(),
  /** The first instant after the opening with another civil date. Epoch milliseconds. */
  endsAt: instant,
});
export type RecordedDay = z.infer<typeof RecordedDay>;

/** The facts about the provider that pacing depends on, recorded with the window. Milliseconds. */
export const PacingFacts = z.looseObject({
  /** No request is sent within this time before a window's close or a day's end: the request and the provider's queue need it. */
  dialMarginMs: instant,
  /** From the acceptance of a call until it is older than usual, and is looked up if no event has told of its end. */
  usualCallMs: instant,
  /** From the acceptance of a call until it can hardly be going on any more. Its time in the provider's queue is a part of it. */
  callLifetimeMs: instant,
  /** From then until the call is given up as lost. */
  graceMs: instant,
  /** The longest time between the acceptance of a call and its dial. */
  queueBoundMs: instant,
  /** Whether the provider has a queue and cancels calls in it. */
  cancelsQueued: z.boolean(),
  /** How long the provider certainly remembers a key. */
  keyTtlMs: instant,
  /** Dials per second that the connection allows, over all campaigns. Null: no such limit. */
  callsPerSecond: z.number().nullable(),
  /** Whether the server knows the search attributes. Setting an unknown one would stall the workflow. */
  searchAttributes: z.boolean(),
});
export type PacingFacts = z.infer<typeof PacingFacts>;

export const ReadyContact = z.looseObject({
  seq: count,
  attempt: count,
  /** Earlier attempts that do not count against the retries, because the account prevented their calls. Default: 0. */
  excused: count.optional(),
  /** Set on a first call that had a due time. It goes before first calls that had none. */
  isDue: z.boolean().optional(),
  /** Set on a first call without a due time: lower numbers go first. Default: 3. */
  priority: count.optional(),
  /** The group whose hours are the contact's. Default: 0. */
  group: count.optional(),
});
export type ReadyContact = z.infer<typeof ReadyContact>;

/** What a contact's due time is for, if not for a retry: a limit of calls to its number, or the time that was asked for. */
export const DueFor = z.enum(['number', 'not_before']);
export type DueFor = z.infer<typeof DueFor>;

/** A claim that the next exchange returns to the roster. With `until`, the contact is due then. */
export const ReleasedContact = z.looseObject({
  ...ReadyContact.shape,
  until: instant.optional(),
  waitsFor: DueFor.optional(),
  /** When the due time became known. */
  since: instant.optional(),
});
export type ReleasedContact = z.infer<typeof ReleasedContact>;

export const InFlightCall = z.looseObject({
  ...ReadyContact.shape,
  phase: z.enum(['placing', 'live', 'unknown']),
  /** The number of its latest placement in the state's epoch. 0 for an adopted call. */
  placement: count,
  /** Whether that placement ended without an answer and may still send. */
  unconfirmed: z.boolean(),
  /** The civil day whose cap this call counts against. */
  day: z.string(),
  /** No request for this call may be sent at or after this instant. */
  notAfter: instant,
  /** When its request was or may have been sent first. */
  sentAt: instant,
  /** When to look it up if no event arrives. Null while a look-up is under way. */
  checkAt: instant.nullable(),
  /** When it is given up if the look-ups find nothing. */
  deadlineAt: instant,
  /** Look-ups since the last change that did not end it. */
  checks: count,
  /** Whether a repeat under the same key would return the provider's first answer. Set by a look-up. */
  mayRepeat: z.boolean(),
  /** Whether an exchange has recorded it as in progress. */
  synced: z.boolean(),
  /** Set on a retry if the terms were changed to fewer retries while it was in flight. If it was not placed, the records decide. */
  retryInDoubt: z.boolean().optional(),
  /** Set once it is known that the call does not wait in the provider's queue any more. */
  dialled: z.boolean().optional(),
  /** Set if it was in the provider's queue when it was looked up: until when it may be there. */
  queuedUntil: instant.optional(),
  /** Set once its contact is not claimed any more: it was taken out of the campaign, or its next call was moved. */
  takenOut: z.boolean().optional(),
  /** Its end, from an event that arrived before the reply to its placement. The reply decides whether the event belongs to this call. */
  heldEnd: EndedEvent.optional(),
});
export type InFlightCall = z.infer<typeof InFlightCall>;

/** What an exchange records about one attempt. */
export const Settlement = z.looseObject({
  ...ReadyContact.shape,
  to: z.enum(['completed', 'failed', 'skipped', 'retrying']),
  reason: z.string(),
  /** Null if no call took place. */
  outcome: Outcome.nullable(),
  at: instant,
  retryAt: instant.nullable(),
  /** Whether the last exchange counted the contact as in progress. */
  synced: z.boolean(),
  /** When it was added. A settlement that has waited long enough causes an exchange. */
  since: instant,
  /** The event that ended it, to distinguish a duplicate from a late event. Null if no event did. */
  eventId: z.string().nullable(),
  /** The fault of the account for which the call did not take place. */
  accountFault: AccountFault.optional(),
  /** Whether this attempt does not count against the retries, because of that fault. */
  isExcused: z.boolean().optional(),
});
export type Settlement = z.infer<typeof Settlement>;

/** Trouble at the provider, as people are told of it. */
export const ProviderTrouble = z.looseObject({
  /** A code: `throttled`, or `unavailable`, `blocked` or `unknown` with a detail after a colon, or a fault of the account. */
  reason: z.string(),
  since: instant,
  /** How often placing has stopped because of it. */
  times: count,
  /** Whether all campaigns on the connection have it. Default: no. */
  ofConnection: z.boolean().optional(),
});
export type ProviderTrouble = z.infer<typeof ProviderTrouble>;

/** What the last exchange recorded about the campaign itself. */
export const CampaignSync = z.looseObject({
  status: CampaignStatus,
  ending: Ending.nullable(),
  waitingFor: WaitingFor.nullable(),
  until: instant.nullable(),
  /** Calls placed on the recorded window's day. */
  placed: count,
  /** Release of the IANA data behind the recorded window. Null while there is none. */
  zoneData: z.string().nullable(),
  trouble: ProviderTrouble.nullable(),
});
export type CampaignSync = z.infer<typeof CampaignSync>;

/** An open or half-open circuit breaker, see `circuit-breaker.ts`. */
export const Breaker = z.looseObject({
  reason: z.string(),
  openUntil: instant,
  /** Failures in a row. */
  failures: count,
  /** When it opened first. */
  since: instant,
  /** How often it has opened since. */
  times: count,
});
export type Breaker = z.infer<typeof Breaker>;

/** Faults of the account that show after the acceptance of calls, see `account-trouble.ts`. */
export const AccountTrouble = z.looseObject({
  /** When the latest fault became known that began or continued it. */
  at: instant,
  /** Faults in a row. */
  faults: count,
  /** When the first call was accepted that was sent since. Null: none was. */
  acceptedAt: instant.nullable(),
});
export type AccountTrouble = z.infer<typeof AccountTrouble>;

/** Ringfence's database or machines are too slow to dial. No call is placed until `until`. */
export const SystemWait = z.looseObject({
  until: instant,
  /** The number of waits in a row. */
  waits: count,
});
export type SystemWait = z.infer<typeof SystemWait>;

/** The connection takes no more dials until then, see `connection-wait.ts`. */
export const ConnectionWait = z.looseObject({
  until: instant,
  /** Dials that have reached the provider since then. */
  dialled: count,
  /** The trouble of the connection that the wait is for. Absent: other campaigns use the calls per second. */
  trouble: ProviderTrouble.optional(),
  /** Set by a person who wants to know at once whether the trouble is over. */
  probeNow: z.boolean().optional(),
});
export type ConnectionWait = z.infer<typeof ConnectionWait>;

/** A stop by an administrator holds the campaign, or may, see `stop-wait.ts`. */
export const StopWait = z.looseObject({
  /** When the next exchange asks about it. */
  askAt: instant,
  /** How often an exchange has confirmed it. */
  asked: count,
});
export type StopWait = z.infer<typeof StopWait>;

/** The account's calls of the day are placed, see `account-wait.ts`. */
export const AccountWait = z.looseObject({ until: instant });
export type AccountWait = z.infer<typeof AccountWait>;

/** A command that took effect, as the Web UI shows it. */
export const GivenCommand = z.looseObject({
  command: z.enum(['pause', 'resume', 'cancel']),
  at: instant,
  /** Who gave it, in the caller's words. Null: the caller did not say. */
  by: z.string().nullable(),
  /** `request`: a cancellation request to the workflow. */
  way: z.enum(['update', 'signal', 'request']),
});
export type GivenCommand = z.infer<typeof GivenCommand>;

/** Since when calls have been placed without a longer pause, and how many contacts were in a terminal bucket then. */
export const Pace = z.looseObject({ since: instant, done: count });
export type Pace = z.infer<typeof Pace>;

/** The campaign's share in a limit of calls in flight, see `known-share.ts`. */
export const KnownShare = z.looseObject({
  /** The latest change of the share in this epoch that the campaign knows. 0: it has none yet. */
  revision: count,
  share: count,
  /** Calls that it may have in flight, as recorded. */
  held: count,
  /** The number of the latest report in the epoch, what it said, and when. */
  report: count,
  need: count,
  reportedAt: instant,
});
export type KnownShare = z.infer<typeof KnownShare>;

/** A limit of calls in flight that the campaign shares with others. */
export const SharedLimit = z.looseObject({
  /** The name of the campaign's connection, or the id of its account's limit. */
  id: z.string(),
  /** Null: the campaign has reported nothing in this epoch. */
  share: KnownShare.nullable(),
});
export type SharedLimit = z.infer<typeof SharedLimit>;

/** The hours of a group of contacts, and what waits of it in the roster. */
export const GroupState = z.looseObject({
  /** Its number in the table of groups. */
  no: count,
  window: RecordedWindow.nullable(),
  /** When the recorded window was computed. */
  windowAnsweredAt: instant.nullable(),
  /** Set if a placement found the window over before the workflow's clock did: ask for the next one. */
  windowSpent: z.boolean(),
  /** When to ask again after no window was found. Null if the last question had an answer. */
  askWindowAgainAt: instant.nullable(),
  /** Whether contacts without a due time wait for their first call and are not claimed yet. */
  moreToClaim: z.boolean(),
  /** The lowest priority number among them. Default: 3. */
  firstPriority: count.optional(),
  /** The earliest due time of a contact that is not claimed, and what it is for. Null: no contact has one. */
  nextDueAt: instant.nullable(),
  nextDueFor: DueFor.optional(),
});
export type GroupState = z.infer<typeof GroupState>;

/** Enough for the zones and rules of a large country. The state is carried from run to run, so their number is bounded. */
export const MOST_GROUPS = 64;

export const CampaignState = z.looseObject({
  version: z.literal(1),
  /** The number of the adoption from which this state descends. 0 before the first. */
  epoch: count,
  /** The number of the latest placement. */
  placements: count,
  spec: EngineSpec,
  status: CampaignStatus,
  ending: Ending.nullable(),
  /** While ending: whether the waiting contacts have been moved to `skipped`. */
  closed: z.boolean(),
  beginsAt: instant,
  facts: PacingFacts.nullable(),
  /** In the order of their numbers. */
  groups: z.array(GroupState).min(1).max(MOST_GROUPS),
  /** The day of the daily cap. Null while no window is recorded. */
  day: RecordedDay.nullable(),
  placedByDay: z.record(z.string(), count),
  ready: z.array(ReadyContact),
  inFlight: z.record(z.string(), InFlightCall),
  settled: z.array(Settlement),
  /** Contacts recorded as in progress whose call was certainly not placed. */
  returned: z.array(ReadyContact),
  /**
   * Claims that the next exchange returns: of contacts that may only be called later, and of retries that the terms no longer
   * grant, which it ends.
   */
  released: z.array(ReleasedContact),
  /**
   * Set while retries that the terms no longer grant may wait in the roster. Each exchange ends some of them, next those of
   * contacts above this number. Null: there are none.
   */
  endRetriesAfter: count.nullable(),
  exchangeNumber: count,
  /** Changes of the roster by others, added people for example, that were announced since the last exchange. */
  rosterChanges: count,
  /** The roster after the last exchange. */
  roster: z.looseObject({
    buckets: Buckets,
    countedAt: instant,
  }),
  breaker: Breaker.nullable(),
  accountTrouble: AccountTrouble.nullable(),
  systemWait: SystemWait.nullable(),
  connectionWait: ConnectionWait.nullable(),
  /** Null: no stop is known. A paused campaign has one as well, and holds when it is resumed. */
  stop: StopWait.nullable().default(null),
  accountWait: AccountWait.nullable(),
  /** The limits that the campaign shares, as its last adoption found them. It keeps to each of them. */
  sharedLimits: z.array(SharedLimit),
  /** The limit of simultaneous placements during a slow start. Null: no such limit. */
  slowStart: count.nullable(),
  lastSync: CampaignSync,
  /** Changed terms, as fields of the API request, that the next exchange records. Null: none. */
  pendingTerms: z.record(z.string(), z.unknown()).nullable(),
  lastCommand: GivenCommand.nullable(),
  /** The latest call that the provider certainly has or had, and when its request was sent. */
  lastPlaced: z.looseObject({ ...ReadyContact.shape, at: instant }).nullable(),
  pace: Pace.nullable(),
  /** Ids of the latest commands and edits, the last one last. One may arrive again: as a signal, or in a later run. */
  commandIds: z.array(z.string()),
  /** Set if another run has taken over the campaign's records: adopt before any other step. */
  superseded: z.boolean(),
  heard: z.looseObject({ late: count, duplicate: count, malformed: count }),
});
export type CampaignState = z.infer<typeof CampaignState>;
