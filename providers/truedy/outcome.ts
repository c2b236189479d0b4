import type { Outcome } from '../../domain/engine/outcome.ts';

/**
 * Truedy's words for a call, in the spelling of `normalise`. Its documentation names none for a call that was declined
 * or whose number is invalid. `declined` and `invalid_number` are assumed, and count only if the callee did not join.
 */
const OUTCOMES: ReadonlyMap<string, Outcome> = new Map([
  ['no_answer', 'no_answer'],
  ['noanswer', 'no_answer'],
  ['not_answered', 'no_answer'],
  ['unanswered', 'no_answer'],
  ['busy', 'busy'],
  ['voicemail', 'voicemail'],
  ['voice_mail', 'voicemail'],
  ['answering_machine', 'voicemail'],
  ['declined', 'declined'],
  ['invalid_number', 'invalid_number'],
  ['cancelled', 'cancelled'],
  ['canceled', 'cancelled'],
  ['failed', 'failed'],
  ['completed', 'completed'],
  ['ended', 'completed'],
]);

const NEVER_JOINED: ReadonlySet<Outcome> = new Set(['declined', 'invalid_number']);
const QUEUED = new Set(['queued', 'created']);
const LIVE = new Set([...QUEUED, 'ringing', 'in_progress']);

function normalise(word: string): string {
  return word
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
}

export function isLiveStatus(word: string): boolean {
  return LIVE.has(normalise(word));
}

/** Accepted, and not yet dialled. */
export function isQueuedStatus(word: string): boolean {
  return QUEUED.has(normalise(word));
}

export function isEndedStatus(word: string): boolean {
  return OUTCOMES.has(normalise(word));
}

/**
 * The outcome of a call that is over. Several fields may contain it, so the most specific known word counts: a
 * particular one, then `failed`, then `completed`, which many calls have whatever happened. An unknown word means
 * `completed` if the callee joined and `failed` otherwise. Beside `completed` it counts only if the callee is known not
 * to have joined. `asSent` is the most specific word as it was sent.
 *
 * @param silent the outcome if the provider gives no word at all
 */
export function outcomeOf(
  words: readonly (string | undefined)[],
  joined: boolean | undefined,
  silent: Outcome,
): { readonly outcome: Outcome; readonly asSent: string | null } {
  const given = words.filter((word) => word !== undefined);
  const meaning = (word: string): Outcome | undefined => {
    const outcome = OUTCOMES.get(normalise(word));
    return joined === true && outcome !== undefined && NEVER_JOINED.has(outcome) ? undefined : outcome;
  };
  const known = given.flatMap((word) => {
    const outcome = meaning(word);
    return outcome === undefined ? [] : [{ outcome, asSent: word }];
  });
  const particular = known.find(({ outcome }) => outcome !== 'failed' && outcome !== 'completed');
  if (particular) return particular;

  const unknown = given.find((word) => meaning(word) === undefined && !isLiveStatus(word));
  const general = known.find(({ outcome }) => outcome === 'failed') ?? known[0];
  if (unknown === undefined) return general ?? { outcome: silent, asSent: null };
  if (general?.outcome === 'failed') return { outcome: 'failed', asSent: unknown };
  const completed = general === undefined ? joined === true : joined !== false;
  return { outcome: completed ? 'completed' : 'failed', asSent: unknown };
}
