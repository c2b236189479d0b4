/** The messages between campaigns and the coordinators of the limits that they share. Activities send them. */
import { z } from 'zod';
import { connectionWorkflowId } from './ids.ts';

/** The name under which the workflow of a coordinator is registered. */
export const CONNECTION_WORKFLOW = 'connection';

export interface CoordinatorInput {
  /** The id of the shared limit: the connection's name, or that of an account's limit. */
  readonly limitId: string;
}

/** Tells the coordinator that the records contain something new. It needs nothing else. */
export const SHARE_REPORTED = 'shareReported';

/** Tells a campaign its share, or that there is no limit any more. */
export const SHARE_GIVEN = 'shareGiven';

const count = z.number().int().nonnegative();

/** A share of the campaign's epoch. A revision below the one that the campaign knows says nothing new. */
export const GivenShare = z.object({
  limitId: z.string(),
  epoch: count,
  revision: count,
  share: count,
  /** Calls that the campaign may have in flight, as recorded. More than the share: others wait for them to end. */
  held: count,
  /** False: there is no limit any more. Default: true. */
  limited: z.boolean().optional(),
});
export type GivenShare = z.infer<typeof GivenShare>;

/** The start of a coordinator, or the signal to the one that runs. It says that the records contain something new. */
export function coordinatorStart(
  limitId: string,
  taskQueue: string,
): {
  workflowId: string;
  taskQueue: string;
  args: [CoordinatorInput];
  signal: string;
  signalArgs: [];
  staticSummary: string;
} {
  return {
    workflowId: connectionWorkflowId(limitId, taskQueue),
    taskQueue,
    args: [{ limitId }],
    signal: SHARE_REPORTED,
    signalArgs: [],
    staticSummary: `Share the calls in flight of ${limitId}`,
  };
}
