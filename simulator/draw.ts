import { createHash } from 'node:crypto';

/**
 * Chance that does not depend on order: each draw is a function of the seed and of what it is drawn for, so the same
 * call meets the same fate whichever call comes first.
 */
export function draw(seed: string, ...purpose: (string | number)[]): number {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, ...purpose]))
    .digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** An id that looks random and is the same for the same seed and purpose. */
export function drawId(prefix: string, seed: string, ...purpose: (string | number)[]): string {
  return `${prefix}_${drawHex(24, seed, prefix, ...purpose)}`;
}

/** @param digits at most 64 */
export function drawHex(digits: number, seed: string, ...purpose: (string | number)[]): string {
  return createHash('sha256')
    .update(JSON.stringify([seed, ...purpose]))
    .digest('hex')
    .slice(0, digits);
}

/** A log-normal quantity from two uniform draws (Box-Muller). */
export function logNormal(median: number, sigma: number, first: number, second: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - first)) * Math.cos(2 * Math.PI * second);
  return median * Math.exp(sigma * normal);
}
