import { expect, vi } from 'vitest';

/** What keeps something outside of this process busy. Timers are left out: the test runner has its own. */
const WATCHED = ['TCPSocketWrap', 'TCPServerWrap', 'ProcessWrap'];
const CLOSING_MS = 5_000;

/**
 * Notes the sockets, listening ports and child processes of this moment. The returned check fails when there are more
 * of them later; what is closing by itself is waited for.
 */
export function watchForLeaks(): () => Promise<void> {
  const before = inUse();
  return async () => {
    await vi.waitFor(
      () => {
        const now = inUse();
        for (const kind of WATCHED) {
          expect(now[kind], `${kind} left open`).toBeLessThanOrEqual(before[kind] ?? 0);
        }
      },
      { timeout: CLOSING_MS },
    );
  };
}

function inUse(): Record<string, number> {
  const resources = process.getActiveResourcesInfo();
  return Object.fromEntries(WATCHED.map((kind) => [kind, resources.filter((resource) => resource === kind).length]));
}
