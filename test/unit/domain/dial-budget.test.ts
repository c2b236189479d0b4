/** The time budget of a dial: each number leaves room for those before it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { connectWithinMs, DIAL } from '../../../domain/engine/dial-budget.ts';
import { DATABASE_LIMITS, RECORD_ACTIVITIES } from '../../../domain/engine/time-limits.ts';
import { TruedyConfig } from '../../../providers/truedy/config.ts';
import { composeFile } from '../../support/probes/compose.ts';
import { ROOT } from '../../support/probes/sources.ts';

const seconds = (ms: number) => ms / 1_000;
const stopGraceMs = Number(/^(\d+)s$/.exec(composeFile.services.worker?.stop_grace_period ?? '')?.[1]) * 1_000;

describe('the time budget of a dial', () => {
  it.each([
    ['two lost heartbeats are no dead worker', 3 * DIAL.heartbeatEveryMs, DIAL.heartbeatTimeoutMs],
    ['a try cannot send any more when its worker counts as dead', DIAL.sendWithinMs, DIAL.heartbeatTimeoutMs],
    [
      'a dial that misses its instant can wait for another one',
      2 * DIAL.reserveAheadMs + DIAL.instantLastsMs,
      DIAL.sendWithinMs,
    ],
    ['the record of a dial is written in time for its instant', DIAL.recordAheadMs, DIAL.instantLastsMs],
    ['a dial that waits for its instant is no dead worker', DIAL.reserveAheadMs, DIAL.heartbeatTimeoutMs],
    ['a worker that died is noticed before its try is over', DIAL.heartbeatTimeoutMs, DIAL.tryMs],
    ['a request of the default length fits', DIAL.defaultRequestMs, DIAL.longestRequestMs],
    ['a connection leaves time for the answer', connectWithinMs(DIAL.defaultRequestMs), DIAL.defaultRequestMs],
    [
      'a silent database is reported before the try is over',
      DATABASE_LIMITS.connectMs + DATABASE_LIMITS.queryMs,
      DIAL.tryMs,
    ],
    [
      'the answer to the longest request is written down before the try is over',
      DIAL.sendWithinMs + DIAL.longestRequestMs + DATABASE_LIMITS.connectMs,
      DIAL.tryMs,
    ],
    ['a stopping worker waits for its tries', DIAL.tryMs, DIAL.shutdownGraceMs],
    ['and for its records', RECORD_ACTIVITIES.startToCloseMs, DIAL.shutdownGraceMs],
    ['Docker waits for a stopping worker', DIAL.shutdownGraceMs, stopGraceMs],
  ])('%s', (_, earlier, later) => {
    expect(earlier).toBeLessThan(later);
  });

  it('is the default of the provider that is built in', () => {
    const config = TruedyConfig.parse({ baseUrl: 'https://x', apiKey: 'x', webhookSecrets: ['whsec_x'] });
    expect(config.requestTimeoutMs).toBe(DIAL.defaultRequestMs);
  });

  it('is what the timeline at its head says', () => {
    const source = readFileSync(`${ROOT}/domain/engine/dial-budget.ts`, 'utf8');
    const timeline = [...source.matchAll(/^ \* +(?<at>\d+) s {2,}\S/gm)].map(({ groups }) => Number(groups!.at));
    expect(timeline).toEqual([
      0,
      seconds(DIAL.sendWithinMs),
      seconds(DIAL.sendWithinMs + DIAL.longestRequestMs),
      seconds(DIAL.tryMs),
      seconds(DIAL.shutdownGraceMs),
      seconds(stopGraceMs),
    ]);
    const left = seconds(DIAL.tryMs - DIAL.sendWithinMs - DIAL.longestRequestMs);
    expect(source).toContain(`What is left after the answer, ${left} s,`);
  });

  it('is what docstrings and documents say', () => {
    const worker = readFileSync(`${ROOT}/worker/ringfence-worker.ts`, 'utf8');
    expect(worker).toContain(`${seconds(DIAL.shutdownGraceMs)} seconds`);
    expect(DIAL.sendWithinMs).toBe(8_000);
    expect(readFileSync(`${ROOT}/docs/architecture.md`, 'utf8')).toContain('within eight seconds');
  });
});
