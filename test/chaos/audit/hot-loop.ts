import { clock, type Finding } from './finding.ts';

/** A campaign of a run settles and claims a few times a second at most. */
const STRETCH_MS = 10_000;
const MOST_EXCHANGES = 150;

/** P10: a workflow that exchanges without end does not get on. Runs that were reset repeat what they replay. */
export function* busiestStretch(workflow: string, instants: readonly number[]): Generator<Finding> {
  const sorted = [...new Set(instants)].sort((a, b) => a - b);
  for (const [index, from] of sorted.entries()) {
    const last = sorted[index + MOST_EXCHANGES - 1];
    if (last === undefined || last - from > STRETCH_MS) continue;
    yield {
      promise: 'P10',
      at: from,
      text: `${workflow}: ${MOST_EXCHANGES} exchanges in ${last - from} ms from ${clock(from)}`,
    };
    return;
  }
}
