import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StartHarness } from '../support/harness/start-harness.ts';
import { VERDICT } from '../support/probes/verdict.ts';

let starts: StartHarness;
beforeEach(async () => {
  starts = await StartHarness.open();
});
afterEach(() => starts.close());

describe('npm start', () => {
  test('stops everything on Ctrl-C; the next start goes on beside what it finds, and agrees', async () => {
    const first = starts.npmStart();
    await first.untilSaid('First call after');
    first.pressCtrlC();
    await starts.expectStopped(first);

    const second = starts.npmStart('--exit');
    expect(await second.ended(), second.output).toBe(0);
    expect(JSON.parse(second.output.trimEnd().split('\n').at(-1)!)).toEqual(VERDICT);
    await starts.expectNothingLeft(second);
  });

  test('tells of a process that ends by itself, and leaves with an error and nothing else running', async () => {
    const start = starts.npmStart();
    await start.untilSaid('First call after');
    start.killProcess('gateway/main.js');
    expect(await start.ended()).toBe(1);
    expect(start.output).toContain('The gateway ended (signal SIGKILL). The end of');
    await starts.expectNothingLeft(start);
  });

  test('lets one start at a time use its directory', async () => {
    const first = starts.npmStart();
    await first.untilSaid('Temporal  ');
    const second = starts.npmStart();
    expect(await second.ended()).toBe(1);
    expect(second.output).toContain('Stop it first, or pass another --home.');
    first.pressCtrlC();
    await starts.expectStopped(first);
  });
});
