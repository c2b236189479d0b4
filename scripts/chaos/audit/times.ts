import { REQUEST_TIMEOUT_S } from '../provider-terms.ts';
import { isOpenAt } from '../wall-clock.ts';
import type { CampaignEvidence } from './evidence.ts';
import { clock, type Finding } from './finding.ts';
import { termsAt } from './terms.ts';

/** A placement that began before a stop may still be sent within this time (see SEND_WITHIN_MS in place-call.ts). */
const UNDER_WAY_MS = 8_000 + REQUEST_TIMEOUT_S * 1000;

/** P3: accepted and dialled inside the hours, not before the start, and not after the end. */
export function* outsideHours({ notes, accepted }: CampaignEvidence): Generator<Finding> {
  const { scheduled_at, ends_at } = notes.body;
  const startsAt = scheduled_at == null ? -Infinity : Date.parse(scheduled_at);
  const endsAt = ends_at == null ? Infinity : Date.parse(ends_at);
  for (const { key, accepted_at, dialled_at } of accepted) {
    for (const [what, at] of [
      ['accepted', accepted_at],
      ['dialled', dialled_at ?? accepted_at],
    ] as const) {
      if (!termsAt(notes, at).some((terms) => isOpenAt(terms, at))) {
        yield { promise: 'P3', text: `${key} ${what} at ${clock(at)}, outside the hours` };
      }
    }
    if (accepted_at < startsAt)
      yield { promise: 'P3', text: `${key} accepted at ${clock(accepted_at)}, before the start` };
    if (accepted_at > endsAt + UNDER_WAY_MS) {
      yield { promise: 'P3', text: `${key} accepted at ${clock(accepted_at)}, after the campaign's end` };
    }
  }
}

/** P4: between an acknowledged pause and the next resume nothing is placed, and what goes on was named. */
export function* afterPause({ notes, accepted }: CampaignEvidence): Generator<Finding> {
  for (const { acknowledgedAt, pausedAt, resumedAt, named } of notes.pauses) {
    for (const { key, accepted_at, ended_at } of accepted) {
      if (accepted_at > acknowledgedAt && accepted_at < resumedAt) {
        yield {
          promise: 'P4',
          text: `${key} accepted at ${clock(accepted_at)}; the pause was acknowledged at ${clock(acknowledgedAt)}`,
        };
      }
      const goesOn = accepted_at <= pausedAt && (ended_at ?? Infinity) > acknowledgedAt;
      if (goesOn && !named.includes(key)) {
        yield {
          promise: 'P4',
          text: `${key} was live at ${clock(acknowledgedAt)} and is not named in the acknowledgement`,
        };
      }
    }
  }
}

/** P9: a number on the suppression list is not called any more, whatever campaign it is in. */
export function* calledThoughSuppressed({ accepted, suppressed }: CampaignEvidence): Generator<Finding> {
  for (const { key, phone_number, accepted_at } of accepted) {
    const since = suppressed.get(phone_number);
    if (since === undefined || accepted_at <= since + UNDER_WAY_MS) continue;
    yield {
      promise: 'P9',
      text: `${key} accepted at ${clock(accepted_at)}; its number was suppressed at ${clock(since)}`,
    };
  }
}
