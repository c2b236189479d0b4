import { expect, test } from 'vitest';
import { chaosTrouble } from '../../../../scripts/test-long/chaos.ts';

const KEPT = { agree: true, calls: 60, kills: { worker: 1, gateway: 2 }, violations: { P1: 0, P5: 0 }, findings: [] };
const NINE = Array.from({ length: 9 }, (_, index) => `finding ${index}`);
const finding = (text: string) => ({ promise: 'P5', minute: 3.2, text });

test.each([
  ['every promise was kept', KEPT, null],
  ['promises were broken', { ...KEPT, agree: false, violations: { P1: 0, P5: 2 } }, 'Broken: P5 (2).'],
  [
    'promises were broken, with what was found',
    { ...KEPT, agree: false, violations: { P5: 1 }, findings: [finding('two calls for one attempt')] },
    'Broken: P5 (1).\n        P5 (minute 3.2) two calls for one attempt',
  ],
  [
    'more was found than is worth telling',
    { ...KEPT, agree: false, violations: { P5: 9 }, findings: NINE.map(finding) },
    ['Broken: P5 (9).', ...NINE.slice(0, 5).map((text) => `P5 (minute 3.2) ${text}`)].join('\n        '),
  ],
  ['hardly anybody was called', { ...KEPT, calls: 49 }, 'There were only 49 calls.'],
  ['nothing of a kind was killed', { ...KEPT, kills: { worker: 1, gateway: 0 } }, 'Never killed: gateway.'],
])('%s', (_, verdict, reason) => {
  expect(chaosTrouble(JSON.stringify(verdict))).toBe(reason);
});

test('what is no verdict is refused rather than taken for a success', () => {
  expect(() => chaosTrouble('{}')).toThrow();
  expect(() => chaosTrouble('stopped')).toThrow();
});
