/** Dials have a queue of their own, so that a rate limit or a backlog there does not slow the roster down. */
export const DIAL_QUEUE_SUFFIX = '-dials';
