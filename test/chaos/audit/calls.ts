import { counted } from '../../../domain/engine/counted.ts';
import { callId } from '../../../domain/engine/ids.ts';
import type { AcceptedCall, CampaignEvidence, RecordedCall } from './evidence.ts';
import { clock, type Finding } from './finding.ts';
import { wasMoved } from './people.ts';
import { attemptsOf, termsWithin } from './terms.ts';
import { UNDER_WAY_MS } from './times.ts';

/** The clocks of the database and of this process are those of one machine, read one after the other. */
const SAME_MOMENT_MS = 250;

/** P5: one accepted call per key, one attempt at a time, no more attempts than the terms allow. */
export function* calledTooOften({ notes, accepted }: CampaignEvidence): Generator<Finding> {
  const keys = new Map<string, AcceptedCall>();
  const contacts = new Map<number, AcceptedCall[]>();
  for (const call of accepted) {
    const { key, seq, attempt, accepted_at: at } = call;
    const first = keys.get(key);
    if (first) {
      yield { promise: 'P5', at, text: `${key} accepted at ${clock(first.accepted_at)} and again at ${clock(at)}` };
    } else {
      keys.set(key, call);
    }
    const earlier = contacts.get(seq) ?? [];
    const live = earlier.find((other) => other.attempt !== attempt && (other.ended_at ?? Infinity) > at);
    if (live) yield { promise: 'P5', at, text: `${key} accepted at ${clock(at)} while ${live.key} went on` };
    contacts.set(seq, [...earlier, call]);
    const attempts = Math.max(...termsWithin(notes, at - UNDER_WAY_MS, at).map(attemptsOf));
    if (attempt > attempts) {
      yield {
        promise: 'P5',
        at,
        text: `${key} accepted at ${clock(at)}: attempt ${attempt}, and there are ${attempts}`,
      };
    }
  }
}

/** P5: the next attempt waits for as long as was agreed, at least from the sending of the one before, unless it was moved. */
export function* calledTooEarly({ notes, accepted, calls }: CampaignEvidence): Generator<Finding> {
  const delays = [notes.body.retry_delay_minutes ?? 60].flat().map((minutes) => minutes * 60_000);
  const sent = new Map(calls.map(({ id, sent_at }) => [id, sent_at]));
  for (const { key, seq, attempt, phone_number, accepted_at: at } of accepted) {
    if (wasMoved(notes, phone_number, at)) continue;
    const before = accepted.find((other) => other.seq === seq && other.attempt === attempt - 1);
    const from = before && sent.get(before.key);
    if (from == null) continue;
    const delay = delays[Math.min(attempt - 2, delays.length - 1)] ?? 0;
    if (at >= from + delay - SAME_MOMENT_MS) continue;
    yield {
      promise: 'P5',
      at,
      text: `${key} accepted at ${clock(at)}, ${delay} ms after ${clock(from)} at the earliest`,
    };
  }
}

/** P5: a number that the provider has called invalid is not called again, whatever the terms retry. */
export function* calledThoughInvalid({ notes, accepted, calls }: CampaignEvidence): Generator<Finding> {
  const invalid = new Set(calls.filter(({ outcome }) => outcome === 'invalid_number').map(({ id }) => id));
  for (const { key, seq, attempt, accepted_at: at } of accepted) {
    const earlier = Array.from({ length: attempt - 1 }, (_, index) =>
      callId({ campaignId: notes.id, seq, attempt: index + 1 }),
    );
    const before = earlier.find((id) => invalid.has(id));
    if (before !== undefined) {
      yield { promise: 'P5', at, text: `${key} accepted at ${clock(at)}, although ${before} had an invalid number` };
    }
  }
}

/**
 * P6: the outcome that stands is one that the provider reported, and no reported end was lost, also where an event names
 * only the provider's own id: which call that is, the provider says when it is asked. Only of two calls to one number at
 * about one time nobody could tell, or where the provider tells a wrong time or
 * names another call.
 */
export function* lostOutcomes({ accepted, calls, ends }: CampaignEvidence): Generator<Finding> {
  const records = new Map(calls.map((call) => [call.id, call]));
  for (const call of accepted) {
    const { id, key, outcome, endedTwice } = call;
    const record = records.get(key);
    const told = ends.get(id) ?? [];
    const standing = record?.outcome ?? null;
    const first = told[0];
    if (record && fooledByStray(call, record)) continue;
    if (standing === null) {
      if (first) {
        const acknowledged = `acknowledged at ${clock(first.at)}`;
        yield {
          promise: 'P6',
          at: first.at,
          text: `${key} ended "${first.outcome}", ${acknowledged}, and no outcome stands`,
        };
      }
    } else if (standing === 'lost') {
      if (first && (record?.linked === true || !(call.hasDouble || call.mistold))) {
        const how = record?.linked === true ? '' : ' under an id that was not known';
        yield {
          promise: 'P6',
          at: first.at,
          text: `${key} stands as lost; its end "${first.outcome}" was acknowledged at ${clock(first.at)}${how}`,
        };
      }
    } else if (
      standing !== outcome &&
      standing !== call.lookedUpAs &&
      !(endedTwice && told.some((end) => end.outcome === standing))
    ) {
      yield { promise: 'P6', text: `${key} ended "${outcome}" and stands as "${standing}"` };
    }
  }
}

/** Nobody could know whose event it was before the provider's own id of the call was known. */
function fooledByStray({ stray }: AcceptedCall, { accepted_at }: RecordedCall): boolean {
  return stray !== null && (accepted_at === null || accepted_at > stray.at);
}

/** P7: nothing is in flight once the campaign has ended. */
export function* slotsNotFreed({ accepted, calls, record }: CampaignEvidence): Generator<Finding> {
  for (const { key, ended_at } of accepted) {
    if (ended_at === null) yield { promise: 'P7', text: `${key} has not ended at the provider` };
  }
  for (const { id, sent, not_placed_reason, settled_at } of calls) {
    if (sent && not_placed_reason === null && settled_at === null) {
      yield { promise: 'P7', text: `${id} was sent and is not settled` };
    }
  }
  const inProgress = record.buckets.in_progress ?? 0;
  if (inProgress > 0)
    yield { promise: 'P7', text: `${counted(inProgress, 'contact is', 'contacts are')} still in progress` };
}

/** P7: a call that was sent before a lull is settled in it, because it cannot last any longer. */
export function* slotsHeld({ notes, longestCallMs, lulls, accepted }: CampaignEvidence): Generator<Finding> {
  for (const { from, to, held } of lulls) {
    if (
      to - from < 2 * longestCallMs ||
      notes.terminations.some(({ at, restartedAt }) => at < to && restartedAt > from)
    ) {
      continue;
    }
    for (const id of held) {
      const call = accepted.find(({ key }) => key === id);
      const there = call
        ? `accepted at ${clock(call.accepted_at)}, ended at ${call.ended_at === null ? 'no time' : clock(call.ended_at)}`
        : 'never accepted';
      yield {
        promise: 'P7',
        at: to,
        text: `${id} holds its slot at ${clock(to)}, sent before ${clock(from)}: ${there}`,
      };
    }
  }
}
