/** What the bare workflow and those who drive it say to each other. */

export const BARE_QUEUE = 'bench-bare';

export interface BareInput {
  readonly items: number;
  /** Slots that are free, and items that are through or begun: a run that is continued as new hands them on. */
  readonly free: number;
  readonly done: number;
  readonly begun: number;
}
