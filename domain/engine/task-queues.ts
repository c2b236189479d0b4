/** Dials have a separate queue, so that a rate limit or a backlog there does not slow down the roster. */
export const DIAL_QUEUE_SUFFIX = '-dials';

/** Temporal takes names of 1,000 bytes, and refuses every start on a queue with a longer one. The rest is for suffixes. */
export const LONGEST_QUEUE_NAME = 200;
