import { describe, expect, test } from 'vitest';
import { busiestStretch } from '../../chaos/audit/hot-loop.ts';
import { NOON } from '../../support/factories/chaos-evidence.ts';

describe('the exchanges of a workflow', () => {
  test.each([
    ['a few a second', 300, 400, 0],
    ['27 a second', 37, 400, 1],
    ['27 a second for a moment', 37, 100, 0],
  ])('%s', (_name, everyMs, count, findings) => {
    const instants = Array.from({ length: count }, (_, index) => NOON + index * everyMs);
    expect([...busiestStretch('campaign-1', instants)]).toHaveLength(findings);
  });
});
