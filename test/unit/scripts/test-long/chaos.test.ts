import { expect, test } from 'vitest';
import { chaosTrouble } from '../../../../scripts/test-long/chaos.ts';

const KEPT = { agree: true, calls: 60, kills: { worker: 1, gateway: 2 }, violations: { P1: 0, P5: 0 } };

test.each([
  ['every promise was kept', KEPT, null],
  ['promises were broken', { ...KEPT, agree: false, violations: { P1: 0, P5: 2 } }, 'Broken: P5 (2).'],
  ['hardly anybody was called', { ...KEPT, calls: 49 }, 'There were only 49 calls.'],
  ['nothing of a kind was killed', { ...KEPT, kills: { worker: 1, gateway: 0 } }, 'Never killed: gateway.'],
])('%s', (_, verdict, reason) => {
  expect(chaosTrouble(JSON.stringify(verdict))).toBe(reason);
});

test('what is no verdict is refused rather than taken for a success', () => {
  expect(() => chaosTrouble('{}')).toThrow();
  expect(() => chaosTrouble('stopped')).toThrow();
});
