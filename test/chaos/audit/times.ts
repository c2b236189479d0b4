import { REQUEST_TIMEOUT_S } from '../margins.ts';
import type { CampaignEvidence } from './evidence.ts';
import { clock, type Finding } from './finding.ts';
import { isOpenFor, possiblePeople } from './people.ts';
import { termsAt } from './terms.ts';

/** A placement that began before a stop may still be sent within this time (see SEND_WITHIN_MS in place-call.ts). */
export const UNDER_WAY_MS = 8_000 + REQUEST_TIMEOUT_S * 1000;
/** A resume without an answer may wait for so long in a process that is frozen. */
const ORDER_ADRIFT_MS = 150_000;
export const OVER = ['completed', 'failed', 'cancelled'];

/** P3: accepted and dialled inside the hours, not before the start, and not after the end. */
export function* outsideHours({ notes, accepted }: CampaignEvidence): Generator<Finding> {
  const { scheduled_at } = notes.body;
  const startsAt = scheduled_at == null ? -Infinity : Date.parse(scheduled_at);
  const people = possiblePeople(notes);
  for (const { key, phone_number, accepted_at, dialled_at } of accepted) {
    const person = people.get(phone_number);
    for (const [what, at] of [
      ['accepted', accepted_at],
      ['dialled', dialled_at ?? accepted_at],
    ] as const) {
      if (!termsAt(notes, at).some((terms) => isOpenFor(terms, person, at))) {
        const zone = person?.timezone == null ? '' : ` of a person in ${person.timezone}`;
        yield { promise: 'P3', at, text: `${key} ${what} at ${clock(at)}, outside the hours${zone}` };
      }
    }
    const at = accepted_at;
    if (at < startsAt) yield { promise: 'P3', at, text: `${key} accepted at ${clock(at)}, before the start` };
    const ends = termsAt(notes, at - UNDER_WAY_MS).map(({ ends_at }) =>
      ends_at === null ? Infinity : Date.parse(ends_at),
    );
    if (at > Math.max(...ends) + UNDER_WAY_MS) {
      yield { promise: 'P3', at, text: `${key} accepted at ${clock(at)}, after the campaign's end` };
    }
  }
}

/**
 * P4: between an acknowledged pause and the next resume nothing is placed, and what goes on was named. A call that was
 * named as unknown may be accepted for as long as it can last, because it was sent before.
 */
export function* afterPause({ notes, longestCallMs, accepted }: CampaignEvidence): Generator<Finding> {
  for (const { acknowledgedAt, pausedAt, resumedAt, live, unknown } of notes.pauses) {
    const adrift = notes.orders.some(
      ({ kind, sentAt, taken }) =>
        kind === 'resume' && taken === 'unknown' && sentAt <= acknowledgedAt && sentAt > pausedAt - ORDER_ADRIFT_MS,
    );
    if (adrift) continue;
    const named = new Set([...live, ...unknown]);
    for (const { key, accepted_at, ended_at } of accepted) {
      const mayCome = unknown.includes(key) && accepted_at <= pausedAt + longestCallMs;
      if (accepted_at > acknowledgedAt && accepted_at < resumedAt && !mayCome) {
        yield {
          promise: 'P4',
          at: accepted_at,
          text: `${key} accepted at ${clock(accepted_at)}; the pause was acknowledged at ${clock(acknowledgedAt)}`,
        };
      }
      const goesOn = accepted_at <= pausedAt && (ended_at ?? Infinity) > acknowledgedAt;
      if (goesOn && !named.has(key)) {
        yield {
          promise: 'P4',
          at: acknowledgedAt,
          text: `${key} was live at ${clock(acknowledgedAt)} and is not named in the acknowledgement`,
        };
      }
    }
  }
}

/** P9: once a campaign is over it stays so, and nothing of it is accepted any more. */
export function* afterEnd({ accepted, sightings }: CampaignEvidence): Generator<Finding> {
  const end = sightings.find(({ status }) => OVER.includes(status));
  if (!end) return;
  for (const { key, accepted_at } of accepted) {
    if (accepted_at <= end.from) continue;
    yield {
      promise: 'P9',
      at: accepted_at,
      text: `${key} accepted at ${clock(accepted_at)}; the campaign was ${end.status} at ${clock(end.from)}`,
    };
  }
  const other = sightings.find(({ from, status }) => from > end.from && status !== end.status);
  if (other) {
    yield {
      promise: 'P9',
      at: other.from,
      text: `was ${end.status} at ${clock(end.from)} and ${other.status} at ${clock(other.from)}`,
    };
  }
}

/** P9: a number on the suppression list is not called any more, whatever campaign it is in. */
export function* calledThoughSuppressed({ accepted, suppressed }: CampaignEvidence): Generator<Finding> {
  for (const { key, phone_number, accepted_at } of accepted) {
    const since = suppressed.get(phone_number);
    if (since === undefined || accepted_at <= since + UNDER_WAY_MS) continue;
    yield {
      promise: 'P9',
      at: accepted_at,
      text: `${key} accepted at ${clock(accepted_at)}; its number was suppressed at ${clock(since)}`,
    };
  }
}
