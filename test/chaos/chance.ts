import { draw } from '../../simulator/draw.ts';

/** Chance for one purpose: the same for the same seed, whatever else is drawn and in whichever order. */
export interface Chance {
  /** From 0 to below 1. */
  unit(...purpose: (string | number)[]): number;
  /** Uniform. */
  between(from: number, to: number, ...purpose: (string | number)[]): number;
  /** As often from 1 to 10 as from 10 to 100: for what has no typical size. */
  size(from: number, to: number, ...purpose: (string | number)[]): number;
  whether(probability: number, ...purpose: (string | number)[]): boolean;
  /** One of these, each as often as its weight says. */
  pick<T>(options: readonly (readonly [weight: number, value: T])[], ...purpose: (string | number)[]): T;
  oneOf<T>(options: readonly T[], ...purpose: (string | number)[]): T;
}

export function chanceOf(seed: string, ...subject: (string | number)[]): Chance {
  const unit: Chance['unit'] = (...purpose) => draw(seed, ...subject, ...purpose);
  return {
    unit,
    between: (from, to, ...purpose) => from + unit(...purpose) * (to - from),
    size: (from, to, ...purpose) => from * (to / from) ** unit(...purpose),
    whether: (probability, ...purpose) => unit(...purpose) < probability,
    pick(options, ...purpose) {
      let left = unit(...purpose) * options.reduce((sum, [weight]) => sum + weight, 0);
      return (options.find(([weight]) => (left -= weight) < 0) ?? options[0]!)[1];
    },
    oneOf: (options, ...purpose) => options[Math.floor(unit(...purpose) * options.length)]!,
  };
}
