/** A promise that was not kept, with ids and instants as evidence. */
export interface Finding {
  readonly promise: PromiseName;
  readonly text: string;
  /** Epoch milliseconds at which it was broken, where that is one instant. */
  readonly at?: number;
}

export const PROMISES = [
  'P1',
  'P2',
  'P3',
  'P4',
  'P5',
  'P6',
  'P7',
  'P8',
  'P9',
  'P10',
  'P11',
  'P12',
  'P13',
  'P14',
  'P15',
] as const;
export type PromiseName = (typeof PROMISES)[number];

/** An instant as the evidence names it. */
export function clock(at: number): string {
  return new Date(at).toISOString().slice(11);
}
