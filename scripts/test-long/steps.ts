import { closingLine, type Summary } from '../test/summary.ts';

export interface Outcome {
  readonly summary: Summary;
  /** Why the step failed, null when it passed. */
  readonly reason: string | null;
}

/** A part of the long tests. It fails by its outcome or by an error, and depends on no other step. */
export interface Step {
  /** What it is chosen by on the command line. */
  readonly key: string;
  readonly title: string;
  run(): Promise<Outcome>;
}

export interface StepsOptions {
  readonly say: (line: string) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** The outcome of a step that is one check. */
export function oneCheck(reason: string | null): Outcome {
  return { summary: { passed: reason ? 0 : 1, failed: reason ? 1 : 0, skipped: 0 }, reason };
}

/** The steps with these keys, or all when none is named. */
export function chooseSteps(steps: readonly Step[], keys: readonly string[]): readonly Step[] {
  const unknown = keys.find((key) => !steps.some((step) => step.key === key));
  if (unknown !== undefined) {
    throw new Error(`There is no step "${unknown}". The steps are ${steps.map(({ key }) => key).join(', ')}.`);
  }
  return keys.length === 0 ? steps : steps.filter(({ key }) => keys.includes(key));
}

/** Runs each step, whatever became of those before it. Tells the verdict of each, once more together at the end. */
export async function runSteps(steps: readonly Step[], { say, now }: StepsOptions): Promise<Summary> {
  const verdicts: string[] = [];
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const step of steps) {
    say(`\n=== ${step.title}`);
    const began = now();
    const { summary, reason } = await outcomeOf(step);
    total.passed += summary.passed;
    total.failed += summary.failed;
    total.skipped += summary.skipped;
    const seconds = Math.round((now() - began) / 1000);
    const verdict = `${reason === null ? 'passed' : 'FAILED'}  ${step.title} (${closingLine(summary)}, ${seconds} s)`;
    verdicts.push(reason === null ? verdict : `${verdict}\n        ${reason}`);
    say(verdicts.at(-1)!);
  }
  say(['', ...verdicts].join('\n'));
  return total;
}

/** A step that has failed counts as a failure, also when none of its tests did. */
async function outcomeOf(step: Step): Promise<Outcome> {
  try {
    const { summary, reason } = await step.run();
    const failed = reason === null ? summary.failed : Math.max(summary.failed, 1);
    return { summary: { ...summary, failed }, reason: reason ?? (failed > 0 ? 'Tests failed.' : null) };
  } catch (error) {
    return oneCheck((error as Error).message);
  }
}
