/** The messages between campaigns and the coordinator of their connection. Activities send them. */
import { z } from 'zod';

/** The name under which the workflow of a connection's coordinator is registered. */
export const CONNECTION_WORKFLOW = 'connection';

export interface ConnectionInput {
  readonly connection: string;
}

/** Tells the coordinator that the records contain something new. It needs nothing else. */
export const SHARE_REPORTED = 'shareReported';

/** Tells a campaign its share. */
export const SHARE_GIVEN = 'shareGiven';

const count = z.number().int().nonnegative();

/** A share of the campaign's epoch. A revision below the one that the campaign knows says nothing new. */
export const GivenShare = z.object({
  epoch: count,
  revision: count,
  share: count,
  /** Calls that the campaign may have in flight, as recorded. More than the share: others wait for them to end. */
  held: count,
});
export type GivenShare = z.infer<typeof GivenShare>;
