import { expect, it, vi } from 'vitest';
import { takeInstant, untilInstant } from '../../../activities/take-instant.ts';
import type { Pool } from '../../../db/pool.ts';

it.each([50, 50.2, 50.999])(
  'an instant %d ms after the answer is not early where the clock shows whole ms',
  async (wait) => {
    // It says this also a microsecond before the next.
    const shown = 1_000;
    const row = { instant: '1050000', wait_ms: wait, told_ms: 0 };
    const pool = { query: async () => ({ rows: [row] }) } as unknown as Pool;
    const request = { connection: 'slow', callsPerSecond: 1, missed: null, windowLeftMs: 9_000, sendUntil: 9_000 };
    const taken = await takeInstant({ pool, now: () => shown }, request);
    expect(taken).toMatchObject({ kind: 'reserved' });
    const { from, until } = taken as Extract<typeof taken, { from: number }>;
    expect(from).toBeGreaterThanOrEqual(shown + 0.999 + wait);
    expect(from).toBeLessThan(until);
  },
);

it('is waited for again if a timer fires early', async () => {
  const begun = performance.now();
  const clock = vi.spyOn(performance, 'now');
  for (const passed of [0, 0, 4]) clock.mockReturnValueOnce(begun + passed);
  await untilInstant({ from: 5 }, () => 0);
  // The beginning, two looks before the end, and the last.
  expect(clock.mock.calls.length).toBeGreaterThanOrEqual(4);
  clock.mockRestore();
  expect(performance.now() - begun).toBeGreaterThanOrEqual(5);
});
