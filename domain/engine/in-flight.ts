import type { CampaignState, InFlightCall } from './campaign-state.ts';

/** What a decision must know of the calls in flight. */
export interface InFlightSurvey {
  readonly count: number;
  /** Placements under way. */
  readonly placing: number;
  /** Calls whose placement ended without an answer and may still send. */
  readonly unconfirmed: number;
  /** Calls to be looked up, or asked for again, now. */
  readonly due: readonly (readonly [id: string, call: InFlightCall])[];
  /** The earliest instant ahead at which one of them is to be looked up or given up; null: none. */
  readonly nextAt: number | null;
  /** When the first of those was sent of which the roster has not been told; null: it knows of all that are placed. */
  readonly unsyncedSince: number | null;
  /** Whether the roster knows of every one, placements under way included. */
  readonly allSynced: boolean;
}

/** Looks at each call in flight once: decisions are made per piece of news, with thousands of calls in flight. */
export function surveyInFlight({ inFlight }: CampaignState, now: number): InFlightSurvey {
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

/** Whether anything may still be sent that is not on record as sent: a pause is not complete before, nor may terms change. */
export function mayStillSend({ inFlight }: Pick<CampaignState, 'inFlight'>): boolean {
  for (const id in inFlight) {
    const call = inFlight[id];
    if (call?.phase === 'placing' || call?.unconfirmed) return true;
  }
  return false;
}
