import type { CampaignNotes } from '../notes.ts';
import type { Hours } from '../wall-clock.ts';

/** The terms that placements are measured against. */
export interface Terms extends Hours {
  /** The zone whose days the cap counts. Null: that of the hours. */
  readonly day_timezone: string | null;
  readonly max_concurrent_calls: number;
  /** Null: no cap. */
  readonly max_calls_per_day: number | null;
  readonly retry_failed: boolean;
  readonly max_retry_attempts: number;
  /** ISO 8601, or null. */
  readonly ends_at: string | null;
}

type Edited = Pick<CampaignNotes, 'body' | 'edits'>;

/**
 * Every set of terms that a campaign may have gone by at an instant. There is more than one while an edit is under way;
 * one that was never answered may be taken at any time from then on, also after a later one.
 */
export function termsAt(notes: Edited, at: number): readonly Terms[] {
  // They change only where an edit is sent or answered, and are asked for with every call.
  const known = cache.get(notes.edits) ?? new Map<string, readonly Terms[]>();
  cache.set(notes.edits, known);
  const stages = notes.edits
    .map(({ sentAt, answeredAt }) => (at < sentAt ? 'b' : at > answeredAt ? 'a' : 'u'))
    .join('');
  const terms = known.get(stages) ?? computeTerms(notes, at);
  known.set(stages, terms);
  return terms;
}

const cache = new WeakMap<CampaignNotes['edits'], Map<string, readonly Terms[]>>();

function computeTerms({ body, edits }: Edited, at: number): Terms[] {
  let possible: Terms[] = [
    {
      timezone: body.timezone ?? 'UTC',
      start_time: body.start_time ?? null,
      end_time: body.end_time ?? null,
      working_days: body.working_days ?? null,
      calling_hours: body.calling_hours ?? null,
      day_timezone: body.day_timezone ?? null,
      max_concurrent_calls: body.max_concurrent_calls ?? 10,
      max_calls_per_day: body.max_calls_per_day ?? null,
      ...retriesAfter({ retry_failed: false, max_retry_attempts: 0 }, body),
      ends_at: body.ends_at ?? null,
    },
  ];
  // One for each kind of change: the same one again changes nothing more.
  const adrift = new Map<string, Readonly<Record<string, unknown>>>();
  for (const { sentAt, answeredAt, taken, change } of edits) {
    if (at < sentAt || taken === 'no') continue;
    const changed = possible.map((terms) => mergeTerms(terms, change));
    const sure = taken === 'yes' && at > answeredAt;
    if (!sure) adrift.set(JSON.stringify(change), change);
    possible = sure ? changed : [...possible, ...changed];
    for (const late of adrift.values())
      possible = distinct([...possible, ...possible.map((terms) => mergeTerms(terms, late))]);
    possible = distinct(possible);
  }
  return possible;
}

/** Likewise over a stretch of time. */
export function termsWithin(notes: Edited, from: number, to: number): readonly Terms[] {
  const changes = notes.edits.flatMap(({ sentAt, answeredAt }) => [sentAt, answeredAt + 1]);
  const instants = [from, to, ...changes.filter((at) => at > from && at < to)];
  return distinct(instants.flatMap((at) => termsAt(notes, at)));
}

/** How many attempts the terms allow. */
export function attemptsOf({ retry_failed, max_retry_attempts }: Terms): number {
  return 1 + (retry_failed ? max_retry_attempts : 0);
}

function mergeTerms(terms: Terms, change: Readonly<Record<string, unknown>>): Terms {
  return { ...terms, ...change, ...hoursAfter(change), ...retriesAfter(terms, change) };
}

/** Each form of the hours replaces the other. */
function hoursAfter(change: Readonly<Record<string, unknown>>): Partial<Hours> {
  if (change.calling_hours !== undefined) return { start_time: null, end_time: null, working_days: null };
  return change.start_time === undefined ? {} : { calling_hours: null };
}

type Retries = Pick<Terms, 'retry_failed' | 'max_retry_attempts'>;

/** A number of retries alone says whether there are any; retries that are asked for without one are as many as before, or one. */
function retriesAfter(before: Retries, stated: { readonly [K in keyof Retries]?: unknown }): Retries {
  const { retry_failed, max_retry_attempts } = stated;
  const given = typeof max_retry_attempts === 'number' ? max_retry_attempts : null;
  const attempts = given ?? before.max_retry_attempts;
  const alone = given === null ? before.retry_failed : given > 0;
  const on = typeof retry_failed === 'boolean' ? retry_failed : alone;
  return { retry_failed: on, max_retry_attempts: on && attempts === 0 ? 1 : attempts };
}

/** Otherwise every edit without an answer would double them. */
function distinct(possible: readonly Terms[]): Terms[] {
  return [...new Map(possible.map((terms) => [JSON.stringify(terms), terms])).values()];
}
