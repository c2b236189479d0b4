import { z } from 'zod';
import { draw, logNormal } from './draw.ts';

/** How a simulated call can end by itself. */
export const LifeOutcome = z.enum([
  'completed',
  'no_answer',
  'busy',
  'voicemail',
  'declined',
  'invalid_number',
  'failed',
]);
export type LifeOutcome = z.infer<typeof LifeOutcome>;

/** How a simulated call can end. */
export type CallEnd = LifeOutcome | 'cancelled';

/** How often each outcome comes, as weights. The defaults resemble a campaign to people who know the caller. */
export const OutcomeWeights = z
  .object({
    completed: z.number().min(0).default(0.5),
    no_answer: z.number().min(0).default(0.28),
    voicemail: z.number().min(0).default(0.12),
    busy: z.number().min(0).default(0.06),
    declined: z.number().min(0).default(0.015),
    invalid_number: z.number().min(0).default(0.01),
    failed: z.number().min(0).default(0.015),
  })
  .refine((weights) => Object.values(weights).some((weight) => weight > 0), 'at least one weight must be above 0');
export type OutcomeWeights = z.infer<typeof OutcomeWeights>;

/** A call's course, in milliseconds of the provider's unscaled time. */
export interface Life {
  readonly outcome: LifeOutcome;
  /** From acceptance to the dial. */
  readonly queueMs: number;
  /** From the dial until someone answers, or until the call ends unanswered. */
  readonly ringMs: number;
  /** From the answer to the end; 0 when nobody answers. */
  readonly talkMs: number;
}

export interface CallLimits {
  readonly joinTimeoutMs: number;
  readonly maxDurationMs: number;
}

const SECOND = 1_000;

/** The course of the call placed under `key`: drawn by seed and key, then cut to the call's own limits. */
export function drawLife(
  seed: string,
  key: string,
  weights: OutcomeWeights,
  limits: CallLimits,
  scripted: Partial<Life> = {},
): Life {
  const chance = (purpose: string) => draw(seed, key, purpose);
  const between = (purpose: string, [from, to]: readonly [number, number]) => from + chance(purpose) * (to - from);
  const outcome = scripted.outcome ?? choose(weights, chance('outcome'));
  const rings: Record<LifeOutcome, readonly [number, number]> = {
    completed: [3 * SECOND, 20 * SECOND],
    voicemail: [15 * SECOND, 25 * SECOND],
    busy: [SECOND, 3 * SECOND],
    declined: [2 * SECOND, 8 * SECOND],
    invalid_number: [SECOND / 2, 2 * SECOND],
    failed: [SECOND / 2, 2 * SECOND],
    no_answer: [limits.joinTimeoutMs, limits.joinTimeoutMs],
  };
  const talkOf = () =>
    outcome === 'completed'
      ? logNormal(50 * SECOND, 0.9, chance('talk'), chance('talk again'))
      : between('talk', [5 * SECOND, 25 * SECOND]);
  const ringMs = Math.min(scripted.ringMs ?? between('ring', rings[outcome]), limits.joinTimeoutMs);
  const talkMs = answered(outcome) ? Math.min(scripted.talkMs ?? talkOf(), limits.maxDurationMs) : 0;
  return { outcome, queueMs: scripted.queueMs ?? between('queue', [50, 1_500]), ringMs, talkMs };
}

/** Whether the line is taken, by a person or by a machine. */
export function answered(outcome: LifeOutcome): boolean {
  return outcome === 'completed' || outcome === 'voicemail';
}

function choose(weights: OutcomeWeights, chance: number): LifeOutcome {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  let left = chance * total;
  for (const outcome of LifeOutcome.options) {
    left -= weights[outcome];
    if (left < 0) return outcome;
  }
  return LifeOutcome.options.findLast((outcome) => weights[outcome] > 0) ?? 'failed';
}
