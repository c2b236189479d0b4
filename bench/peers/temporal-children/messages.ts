/** What campaign, calls, worker and gateway of this peer say to each other. */

export const QUEUE = 'children';

export interface WindowInput {
  readonly slots: number;
  /** The number of the next contact, from 1. */
  readonly next: number;
  /** Call ids of children that are not over: a run that is continued as new hands them on. */
  readonly inFlight: readonly string[];
}

export interface CallInput {
  readonly callId: string;
  readonly parentId: string;
}

/** The workflow of a call, by which the webhook finds it. */
export function callWorkflowId(callId: string): string {
  return `call-${callId}`;
}
