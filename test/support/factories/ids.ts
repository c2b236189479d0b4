let counter = 0;

/**
 * A name that no other call in this process returns: `contact-1`, `contact-2`. A counter, so that a failing test shows
 * the same names when it is run again.
 */
export function nextId(prefix: string): string {
  counter += 1;
  return `${prefix}-${counter}`;
}

/** A task queue that no other test polls, also where test files run side by side against one server. */
export function nextTaskQueue(): string {
  return nextId(`queue-${process.pid}`);
}
