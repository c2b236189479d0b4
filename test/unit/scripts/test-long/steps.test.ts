import { expect, test } from 'vitest';
import { chooseSteps, type Outcome, oneCheck, runSteps, type Step } from '../../../../scripts/test-long/steps.ts';
import { closingLine } from '../../../../scripts/test/summary.ts';

function outcome(passed: number, failed: number, reason: string | null = null): Outcome {
  return { summary: { passed, failed, skipped: 1 }, reason };
}

function step(key: string, run: () => Promise<Outcome>): Step {
  return { key, title: `Step ${key}`, run };
}

async function run(...outcomes: (Outcome | Error)[]): Promise<{ closing: string; said: string[] }> {
  const said: string[] = [];
  const steps = outcomes.map((outcome, index) =>
    step(`${index}`, () => (outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome))),
  );
  let seconds = 0;
  const summary = await runSteps(steps, { say: (line) => said.push(line), now: () => (seconds += 2) * 1000 });
  return { closing: closingLine(summary), said };
}

test.each([
  ['all passed', [outcome(3, 0), outcome(4, 0)], '7 passed, 0 failed, 2 skipped'],
  ['tests failed', [outcome(3, 2, 'Tests failed.'), outcome(4, 0)], '7 passed, 2 failed, 2 skipped'],
  ['tests failed without a word', [outcome(3, 2)], '3 passed, 2 failed, 1 skipped'],
  ['a step failed beside its tests', [outcome(3, 0, 'No end.')], '3 passed, 1 failed, 1 skipped'],
  ['a step broke off', [new Error('There is no registry.'), outcome(4, 0)], '4 passed, 1 failed, 1 skipped'],
  ['a check failed', [oneCheck('Refused.'), oneCheck(null)], '1 passed, 1 failed'],
])('%s: %o make "%s"', async (_, outcomes, closing) => {
  expect((await run(...outcomes)).closing).toBe(closing);
});

test('each step is announced and judged, and all verdicts stand together at the end', async () => {
  const { said } = await run(oneCheck(null), new Error('There is no registry.'), outcome(2, 1));
  const verdicts = [
    'passed  Step 0 (1 passed, 0 failed, 2 s)',
    'FAILED  Step 1 (0 passed, 1 failed, 2 s)\n        There is no registry.',
    'FAILED  Step 2 (2 passed, 1 failed, 1 skipped, 2 s)\n        Tests failed.',
  ];
  const each = verdicts.flatMap((verdict, index) => [`\n=== Step ${index}`, verdict]);
  expect(said).toEqual([...each, ['', ...verdicts].join('\n')]);
});

test('steps are chosen by their keys, and a key that no step has is refused', () => {
  const steps = ['a', 'b', 'c'].map((key) => step(key, () => Promise.resolve(oneCheck(null))));
  const keys = (wanted: string[]) => chooseSteps(steps, wanted).map(({ key }) => key);
  expect(keys([])).toEqual(['a', 'b', 'c']);
  expect(keys(['c', 'a'])).toEqual(['a', 'c']);
  expect(() => keys(['a', 'd'])).toThrow('There is no step "d". The steps are a, b, c.');
});
