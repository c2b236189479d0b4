/**
 * Explains why a contact is not being called now, and when it may be called next. Pure: it depends on the records and
 * the clock.
 *
 * Several gates may be closed at the same time. The result names the one that opens last, because the others do not
 * matter until then. A campaign that is ending, a number that must not be dialled, an interruption, a pause and a stop
 * come before all others, because time does not open these.
 */
import { z } from 'zod';
import type { NumberProblem } from '../contacts/allowed-numbers.ts';
import type { DueFor, WaitingFor } from '../engine/campaign-state.ts';
import { isOver } from '../engine/commands.ts';
import type { RecordedStatus } from './interruption.ts';
import type { Schedule } from '../windows/schedule.ts';
import { type Bucket, isTerminal } from '../engine/tally.ts';
import { commonWindows, type LimitedSchedule } from '../windows/common-windows.ts';
import { isInside, windowAt } from '../windows/windows.ts';

export const Gate = z.enum([
  'stopped',
  'start',
  'window',
  'daily_cap',
  'account',
  'slot',
  'number',
  'not_before',
  'retry',
  'provider',
  'connection',
  'paused',
  'interrupted',
  'suppressed',
  'country_not_allowed',
  'number_type_not_allowed',
  'ending',
]);
export type Gate = z.infer<typeof Gate>;

/** The records of a contact and its campaign. Instants are epoch milliseconds. */
export interface ContactRecord {
  readonly bucket: Bucket;
  /** The contact is not called before this instant. */
  readonly dueAt: number | null;
  /** What that instant is for. Null: a retry. */
  readonly waitsFor: DueFor | null;
  /** Until when a limit of calls to its number holds the contact, as of now. Null: none does. */
  readonly numberHeldUntil: number | null;
  readonly suppressed: boolean;
  /** Why the campaign's connection does not allow the number. */
  readonly notAllowed: NumberProblem | null;
  readonly campaign: {
    readonly status: RecordedStatus;
    readonly ending: boolean;
    /** Whether a stop by an administrator covers the campaign. */
    readonly stopped: boolean;
    readonly waitingFor: WaitingFor | null;
    readonly waitingUntil: number | null;
    readonly endsAt: number | null;
    readonly schedule: Schedule;
  };
  /** The schedules that must all be open for a call to this contact. Default: the campaign's. */
  readonly hours?: readonly LimitedSchedule[];
}

export interface Held {
  /** Null if nothing holds the contact: it is being called, or will not be called any more. */
  readonly by: Gate | null;
  /** The first instant at which it may be called; null if that does not depend on time or is unknown. */
  readonly until: number | null;
}

const NEVER = Infinity;

/** The gate that holds a contact at `now`. */
export function heldBy(contact: ContactRecord, now: number): Held {
  const { bucket, campaign } = contact;
  if (bucket === 'in_progress' || isTerminal(bucket)) return { by: null, until: null };
  const { status, ending, endsAt } = campaign;
  if (isOver(status) || ending || (endsAt !== null && endsAt <= now)) return { by: 'ending', until: null };
  if (contact.suppressed) return { by: 'suppressed', until: null };
  if (contact.notAllowed !== null) return { by: contact.notAllowed, until: null };
  if (status === 'interrupted') return { by: 'interrupted', until: null };
  if (status === 'paused') return { by: 'paused', until: null };
  if (campaign.stopped) return { by: 'stopped', until: null };
  const shut = shutGates(contact, now);
  const [last] = shut.sort((a, b) => b.until - a.until);
  // Only the contacts before it: it is called when its turn has come and a slot is free.
  if (!last) return { by: 'slot', until: null };
  const opensAt = last.until === NEVER ? NEVER : firstOpening(contact, last.until);
  const tooLate = opensAt === NEVER || (endsAt !== null && opensAt >= endsAt);
  return { by: last.by, until: tooLate ? null : opensAt };
}

interface ShutGate {
  readonly by: Gate;
  readonly until: number;
}

function shutGates(contact: ContactRecord, now: number): ShutGate[] {
  const { bucket, dueAt, waitsFor, numberHeldUntil, campaign } = contact;
  const { status, waitingFor } = campaign;
  const shut: ShutGate[] = [];
  const recorded = campaign.waitingUntil ?? NEVER;
  if (status === 'scheduled' || waitingFor === 'start') {
    // Without an instant the campaign is about to begin.
    shut.push({ by: 'start', until: Math.max(now, campaign.waitingUntil ?? now) });
  } else if (isRecorded(waitingFor) && recorded > now) {
    shut.push({ by: waitingFor, until: recorded });
  }
  // The last moments of a window are too short for a dial: the campaign waits although the schedule is open.
  const opensAt = firstOpening(contact, now);
  if (opensAt > now) shut.push({ by: 'window', until: opensAt });
  else if (waitingFor === 'window' && recorded > now) shut.push({ by: 'window', until: recorded });
  if (numberHeldUntil !== null && numberHeldUntil > now) shut.push({ by: 'number', until: numberHeldUntil });
  if (dueAt !== null && dueAt > now) {
    if (waitsFor !== null) shut.push({ by: waitsFor, until: dueAt });
    else if (bucket === 'retrying') shut.push({ by: 'retry', until: dueAt });
  }
  return shut;
}

/** Gates of which only the campaign's record says until when they are shut. */
function isRecorded(gate: WaitingFor | null): gate is 'daily_cap' | 'account' | 'provider' | 'connection' {
  return gate === 'daily_cap' || gate === 'account' || gate === 'provider' || gate === 'connection';
}

/** `from` if the contact may be called then. */
function firstOpening({ campaign: { schedule }, hours }: ContactRecord, from: number): number {
  if (hours) return commonWindows(hours, from).next().value?.opensAt ?? NEVER;
  if (isInside(schedule, from)) return from;
  return windowAt(schedule, from)?.window.opensAt ?? NEVER;
}
