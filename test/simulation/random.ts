/** Draws in [0, 1) that are the same for the same seed. */
export type Random = () => number;

/** Bob Jenkins' small fast counter generator (sfc32), started from one number. */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // The first draws still show the seed.
  for (let discarded = 0; discarded < 12; discarded++) next();
  return next;
}

export function between(random: Random, least: number, most: number): number {
  return Math.round(least + random() * (most - least));
}

export function oneOf<T>(random: Random, choices: readonly [T, ...T[]]): T {
  return choices[Math.floor(random() * choices.length)] ?? choices[0];
}
