import type { CampaignState, InFlightCall } from './campaign-state.ts';
import { queueClosesAt } from './look-up-times.ts';

/** The facts about calls in flight that decisions need. */
export interface InFlightSurvey {
  readonly count: number;
  /** Placements under way. */
  readonly placing: number;
  /** Calls whose placement ended without an answer and may still send. */
  readonly unconfirmed: number;
  /** Calls to be looked up or repeated now. */
  readonly due: readonly (readonly [id: string, call: InFlightCall])[];
  /** The next instant at which a call is to be looked up or given up. Null: none. */
  readonly nextAt: number | null;
  /** When the oldest call was sent that the roster does not know yet. Null: it knows all placed calls. */
  readonly unsyncedSince: number | null;
  /** Whether the roster knows every call, including placements under way. */
  readonly allSynced: boolean;
}

/** Collects the facts in one pass, because each message leads to a decision, with thousands of calls in flight. */
export function surveyInFlight({ inFlight, facts }: CampaignState, now: number): InFlightSurvey {
  const due: [string, InFlightCall][] = [];
  let count = 0;
  let placing = 0;
  let unconfirmed = 0;
  let nextAt = Infinity;
  let unsyncedSince = Infinity;
  let allSynced = true;
  for (const id in inFlight) {
    const call = inFlight[id];
    if (call === undefined) continue;
    const { phase, checkAt, deadlineAt, synced, sentAt } = call;
    count += 1;
    if (call.unconfirmed) unconfirmed += 1;
    if (!synced) allSynced = false;
    if (phase === 'placing') {
      placing += 1;
    } else {
      if (!synced && !call.unconfirmed && sentAt < unsyncedSince) unsyncedSince = sentAt;
      if (checkAt !== null && checkAt <= now) due.push([id, call]);
    }
    if (checkAt !== null && checkAt > now && checkAt < nextAt) nextAt = checkAt;
    if (deadlineAt > now && deadlineAt < nextAt) nextAt = deadlineAt;
    const closesAt = queueClosesAt(facts, call);
    if (closesAt !== null && closesAt > now && closesAt < nextAt) nextAt = closesAt;
  }
  return { count, placing, unconfirmed, due, nextAt: finite(nextAt), unsyncedSince: finite(unsyncedSince), allSynced };
}

function finite(instant: number): number | null {
  return instant === Infinity ? null : instant;
}

export function isPlacing({ inFlight }: Pick<CampaignState, 'inFlight'>): boolean {
  for (const id in inFlight) if (inFlight[id]?.phase === 'placing') return true;
  return false;
}

/** Whether a request may still be sent that is not recorded as sent. Until then a pause is not complete, and terms do not change. */
export function mayStillSend({ inFlight }: Pick<CampaignState, 'inFlight'>): boolean {
  for (const id in inFlight) {
    const call = inFlight[id];
    if (call?.phase === 'placing' || call?.unconfirmed) return true;
  }
  return false;
}
