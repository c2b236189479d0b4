import { z } from 'zod';

const count = z.number().int().min(0);

/** Every contact of a campaign is in exactly one of these; they sum to the campaign's total. */
export const Buckets = z.object({
  pending: count,
  in_progress: count,
  retrying: count,
  completed: count,
  failed: count,
  skipped: count,
});
export type Buckets = z.infer<typeof Buckets>;
export type Bucket = keyof Buckets;

export const BUCKETS = ['pending', 'in_progress', 'retrying', 'completed', 'failed', 'skipped'] as const;

/** A bucket that a contact never leaves. */
export function isTerminal(bucket: Bucket): bucket is 'completed' | 'failed' | 'skipped' {
  return bucket === 'completed' || bucket === 'failed' || bucket === 'skipped';
}

export function total(buckets: Buckets): number {
  return BUCKETS.reduce((sum, bucket) => sum + buckets[bucket], 0);
}

/** Where a contact waits before this attempt is placed. */
export function waitingBucket(attempt: number): 'pending' | 'retrying' {
  return attempt > 1 ? 'retrying' : 'pending';
}

/** The buckets after contacts moved, each from one bucket to another: their sum stays what it was. */
export function afterMoves(buckets: Buckets, moves: Iterable<{ from: Bucket; to: Bucket }>): Buckets {
  const next = { ...buckets };
  for (const { from, to } of moves) {
    next[from] -= 1;
    next[to] += 1;
  }
  return next;
}
