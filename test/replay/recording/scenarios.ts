import { PEOPLE } from './people.ts';
import { SHAPES } from './shapes.ts';
import type { Scenario } from './steps.ts';
import { THRESHOLDS } from './thresholds.ts';

/** Every campaign that is recorded. */
export const SCENARIOS: readonly Scenario[] = [...SHAPES, ...PEOPLE, ...THRESHOLDS];
