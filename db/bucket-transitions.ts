import type { Bucket } from '../domain/engine/tally.ts';
import type { Queryable } from './pool.ts';

/** Contacts that one statement moved, grouped by the bucket before and after. */
export interface BucketTransition {
  readonly from: Bucket;
  readonly to: Bucket;
  readonly contacts: number;
  /** How many of them count as called now and did not before. Negative: they turned out not to have been called. */
  readonly called: number;
}

/** The sum of transitions, by which a campaign's counters change. */
export interface CounterChanges {
  readonly deltas: Partial<Record<Bucket, number>>;
  called: number;
}

export function addTransitions(transitions: CounterChanges, rows: readonly BucketTransition[]): void {
  for (const { from, to, contacts, called } of rows) {
    transitions.deltas[from] = (transitions.deltas[from] ?? 0) - contacts;
    transitions.deltas[to] = (transitions.deltas[to] ?? 0) + contacts;
    transitions.called += called;
  }
}

/** Changes the campaign's counters by the transitions of this transaction. */
export async function applyToCounters(
  tx: Queryable,
  campaignId: string,
  { deltas, called }: CounterChanges,
): Promise<void> {
  const delta = (bucket: Bucket): number => deltas[bucket] ?? 0;
  await tx.query(
    `update campaigns
        set pending = pending + $2, in_progress = in_progress + $3, retrying = retrying + $4,
            completed = completed + $5, failed = failed + $6, skipped = skipped + $7, called = called + $8,
            updated_at = now()
      where id = $1`,
    [
      campaignId,
      delta('pending'),
      delta('in_progress'),
      delta('retrying'),
      delta('completed'),
      delta('failed'),
      delta('skipped'),
      called,
    ],
  );
}
