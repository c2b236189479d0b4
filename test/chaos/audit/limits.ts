import { wallTime } from '../wall-clock.ts';
import type { AcceptedCall, CampaignEvidence } from './evidence.ts';
import { clock, type Finding } from './finding.ts';
import { termsAt } from './terms.ts';

/** P1: with each call that the provider accepts, no more are in flight than the limit of that moment. */
export function* tooManyAtOnce({ notes, accepted }: CampaignEvidence): Generator<Finding> {
  for (const call of accepted) {
    const at = call.accepted_at;
    const inFlight = accepted.filter((other) => isInFlight(other, at)).length;
    const limit = Math.max(...termsAt(notes, at).map((terms) => terms.max_concurrent_calls));
    if (inFlight <= limit) continue;
    yield {
      promise: 'P1',
      at,
      text: `${call.key} accepted at ${clock(at)} as one of ${inFlight} at once; the limit is ${limit}`,
    };
  }
}

/** Where one call ends in the millisecond in which another is accepted, the end counts first. */
function isInFlight({ accepted_at, ended_at }: AcceptedCall, at: number): boolean {
  return accepted_at <= at && (ended_at === null || ended_at > at);
}

/** P2: no civil day has more placements than the cap of its last moment that the audit knows of. */
export function* tooManyADay({ notes, accepted }: CampaignEvidence): Generator<Finding> {
  const placed = new Map<string, number>();
  for (const { key, accepted_at: at } of accepted) {
    const terms = termsAt(notes, at);
    const cap = Math.max(...terms.map(({ max_calls_per_day }) => max_calls_per_day ?? Infinity));
    const day = wallTime(terms[0]?.day_timezone ?? terms[0]?.timezone ?? 'UTC', at).date;
    const count = (placed.get(day) ?? 0) + 1;
    placed.set(day, count);
    if (count > cap)
      yield {
        promise: 'P2',
        at,
        text: `${key} accepted at ${clock(at)} as number ${count} of ${day}; the cap is ${cap}`,
      };
  }
}
