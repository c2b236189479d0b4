import { z } from 'zod';

/** What a process of a peer is told through its environment; how to reach the provider stands beside it. */
export const PeerSettings = z.object({
  PEER_ROLE: z.enum(['worker', 'gateway']),
  /** Where the gateway listens. */
  PEER_PORT: z.coerce.number().int(),
  /** Calls that may be in flight at once. */
  PEER_CONCURRENCY: z.coerce.number().int().min(1),
  /** A directory that outlives the processes of one run. */
  PEER_HOME: z.string(),
  /** What BullMQ stands on. */
  PEER_BACKEND: z.enum(['redis', 'postgres']).default('redis'),
  DATABASE_URL: z.string(),
  REDIS_PORT: z.coerce.number().int().optional(),
  TEMPORAL_ADDRESS: z.string().optional(),
});
export type PeerSettings = z.infer<typeof PeerSettings>;
