/** What the bare workflow and those who drive it say to each other. */

export const BARE_QUEUE = 'bench-bare';

export interface BareInput {
  readonly items: number;
  /** Free slots, and finished or started items: a run that continues as new passes them on. */
  readonly free: number;
  readonly done: number;
  readonly begun: number;
}
