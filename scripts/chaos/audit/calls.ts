import type { AcceptedCall, CampaignEvidence } from './evidence.ts';
import { clock, type Finding } from './finding.ts';

/** P5: one accepted call per key, one attempt at a time, no more attempts than the budget has. */
export function* calledTooOften({ notes, accepted }: CampaignEvidence): Generator<Finding> {
  const attempts = 1 + (notes.body.retry_failed === false ? 0 : (notes.body.max_retry_attempts ?? 0));
  const keys = new Map<string, AcceptedCall>();
  const contacts = new Map<number, AcceptedCall[]>();
  for (const call of accepted) {
    const { key, seq, attempt, accepted_at } = call;
    const first = keys.get(key);
    if (first) {
      yield {
        promise: 'P5',
        text: `${key} accepted at ${clock(first.accepted_at)} and again at ${clock(accepted_at)}`,
      };
    } else {
      keys.set(key, call);
    }
    const earlier = contacts.get(seq) ?? [];
    const live = earlier.find((other) => other.attempt !== attempt && (other.ended_at ?? Infinity) > accepted_at);
    if (live) {
      yield { promise: 'P5', text: `${key} accepted at ${clock(accepted_at)} while ${live.key} went on` };
    }
    contacts.set(seq, [...earlier, call]);
    if (attempt > attempts) yield { promise: 'P5', text: `${key}: attempt ${attempt}, and there are ${attempts}` };
  }
}

/**
 * P6: the outcome that stands is one that the provider reported, and no reported end was lost. A call whose every reply
 * was lost until the provider forgot its key may stand as lost in spite of its events, where these name only the
 * provider's own id: nobody could tell whose they are.
 */
export function* lostOutcomes({ accepted, calls, ends }: CampaignEvidence): Generator<Finding> {
  const records = new Map(calls.map((call) => [call.id, call]));
  for (const { id, key, outcome, endedTwice } of accepted) {
    const record = records.get(key);
    const told = ends.get(id) ?? [];
    const standing = record?.outcome ?? null;
    const givenUpAt = record?.ended_at ?? Infinity;
    const first = told[0];
    if (standing === null) {
      if (first)
        yield {
          promise: 'P6',
          text: `${key} ended "${first.outcome}", acknowledged at ${clock(first.at)}, and no outcome stands`,
        };
    } else if (standing === 'lost') {
      if (first && record?.linked && first.at < givenUpAt) {
        yield {
          promise: 'P6',
          text: `${key} stands as lost; its end "${first.outcome}" was acknowledged at ${clock(first.at)}`,
        };
      }
    } else if (standing !== outcome && !(endedTwice && told.some((end) => end.outcome === standing))) {
      yield { promise: 'P6', text: `${key} ended "${outcome}" and stands as "${standing}"` };
    }
  }
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
  if (inProgress > 0) yield { promise: 'P7', text: `${inProgress} contacts are still in progress` };
}
