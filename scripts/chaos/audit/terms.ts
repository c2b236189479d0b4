import type { CampaignNotes } from '../notes.ts';
import type { Hours } from '../wall-clock.ts';

/** The terms that placements are measured against. */
export interface Terms extends Hours {
  readonly max_concurrent_calls: number;
  /** Null: no cap. */
  readonly max_calls_per_day: number | null;
}

/**
 * Every set of terms that a campaign may have gone by at an instant. There is more than one while an edit is under way,
 * and from then on where it was never answered.
 */
export function termsAt({ body, edits }: Pick<CampaignNotes, 'body' | 'edits'>, at: number): Terms[] {
  let possible: Terms[] = [
    {
      timezone: body.timezone ?? 'UTC',
      start_time: body.start_time ?? null,
      end_time: body.end_time ?? null,
      working_days: body.working_days ?? [1, 2, 3, 4, 5],
      max_concurrent_calls: body.max_concurrent_calls ?? 10,
      max_calls_per_day: body.max_calls_per_day ?? null,
    },
  ];
  for (const { sentAt, answeredAt, taken, change } of edits) {
    if (at < sentAt || taken === 'no') continue;
    const changed = possible.map((terms) => ({ ...terms, ...change }));
    possible = distinct(taken === 'yes' && at > answeredAt ? changed : [...possible, ...changed]);
  }
  return possible;
}

/** Otherwise every edit without an answer would double them. */
function distinct(possible: readonly Terms[]): Terms[] {
  return [...new Map(possible.map((terms) => [JSON.stringify(terms), terms])).values()];
}
