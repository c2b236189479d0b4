import { spawnSync } from 'node:child_process';
import { expect, it, test } from 'vitest';
import { processorSeconds, secondsIn } from '../../../scripts/test/processor-time.ts';

it('adds up what a process and its descendants took, whatever the process is called', () => {
  const stat = '4711 (a) b (c) S 1 4711 4711 0 -1 4194560 100 200 0 0 150 25 1000 75 20 0 1 0 12345 67890 42';
  expect(secondsIn(stat)).toBe(12.5);
});

test.runIf(process.platform === 'linux')('counts a child that has ended', () => {
  const before = processorSeconds()!;
  const took = spawnSync(
    process.execPath,
    ['-e', 'while (process.cpuUsage().user < 300_000); process.stdout.write(String(process.cpuUsage().user / 1e6))'],
    { encoding: 'utf8' },
  );
  expect(processorSeconds()! - before).toBeGreaterThanOrEqual(Number(took.stdout) - 0.02);
});
