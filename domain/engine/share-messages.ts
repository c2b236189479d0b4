/** The messages between campaigns and the coordinator of their connection. Activities send them. */
import { z } from 'zod';
import { connectionWorkflowId } from './ids.ts';

/** The name under which the workflow of a connection's coordinator is registered. */
export const CONNECTION_WORKFLOW = 'connection';

export interface ConnectionInput {
  readonly connection: string;
}

/** Tells the coordinator that the records contain something new. It needs nothing else. */
export const SHARE_REPORTED = 'shareReported';

/** Tells a campaign its share, or that there is no limit any more. */
export const SHARE_GIVEN = 'shareGiven';

const count = z.number().int().nonnegative();

/** A share of the campaign's epoch. A revision below the one that the campaign knows says nothing new. */
export const GivenShare = z.object({
  epoch: count,
  revision: count,
  share: count,
  /** Calls that the campaign may have in flight, as recorded. More than the share: others wait for them to end. */
  held: count,
  /** False: the connection has no limit any more. Default: true. */
  limited: z.boolean().optional(),
});
export type GivenShare = z.infer<typeof GivenShare>;

/** The start of a connection's coordinator, or the signal to the one that runs. It says that the records contain something new. */
export function coordinatorStart(
  connection: string,
  taskQueue: string,
): {
  workflowId: string;
  taskQueue: string;
  args: [ConnectionInput];
  signal: string;
  signalArgs: [];
  staticSummary: string;
} {
  return {
    workflowId: connectionWorkflowId(connection, taskQueue),
    taskQueue,
    args: [{ connection }],
    signal: SHARE_REPORTED,
    signalArgs: [],
    staticSummary: `Share the calls in flight of ${connection}`,
  };
}
