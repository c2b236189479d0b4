import { draw } from '../../simulator/draw.ts';

export const PARTS = ['worker', 'gateway', 'postgres', 'temporal'] as const;
export type PartName = (typeof PARTS)[number];

export interface PlannedKill {
  readonly part: PartName;
  /** Milliseconds from the beginning of the run. */
  readonly at: number;
  /** How long the process stays away before it is started again. */
  readonly downMs: number;
}

/** Seconds from one kill to the next, on the average. A worker needs some seconds to come back. */
const EVERY_S: Readonly<Record<PartName, number>> = { worker: 35, gateway: 20, postgres: 40, temporal: 50 };
const LONGEST_DOWN_MS = 3_000;
/** The part of the run in which processes are killed: calls are under way by then, and a little time is left after. */
const FROM = 0.12;
const TO = 0.9;

/** Each part is killed at least once: spread over the run, at chance within its share of it. */
export function planKills(seed: string, durationMs: number): PlannedKill[] {
  return PARTS.flatMap((part) => {
    const count = Math.max(1, Math.floor(durationMs / 1000 / EVERY_S[part]));
    return Array.from({ length: count }, (_, index) => ({
      part,
      at: Math.round(durationMs * (FROM + ((TO - FROM) * (index + draw(seed, 'kill', part, index))) / count)),
      downMs: Math.round(draw(seed, 'down', part, index) ** 2 * LONGEST_DOWN_MS),
    }));
  }).sort((a, b) => a.at - b.at);
}
