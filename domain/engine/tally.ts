import { z } from 'zod';

const count = z.number().int().min(0);

/** Every contact of a campaign is in exactly one bucket. The buckets add up to the campaign's total. */
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

/** Whether a contact never leaves this bucket. */
export function isTerminal(bucket: Bucket): bucket is 'completed' | 'failed' | 'skipped' {
  return bucket === 'completed' || bucket === 'failed' || bucket === 'skipped';
}

export function total(buckets: Buckets): number {
  return BUCKETS.reduce((sum, bucket) => sum + buckets[bucket], 0);
}

/** The bucket in which a contact waits for this attempt. */
export function waitingBucket(attempt: number): 'pending' | 'retrying' {
  return attempt > 1 ? 'retrying' : 'pending';
}

/** The buckets after some contacts moved from one bucket to another. Their sum does not change. */
export function afterMoves(buckets: Buckets, moves: Iterable<{ from: Bucket; to: Bucket }>): Buckets {
  const next = { ...buckets };
  for (const { from, to } of moves) {
    next[from] -= 1;
    next[to] += 1;
  }
  return next;
}
