import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { databaseUrlProblem } from '../db/database-url.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { LONGEST_QUEUE_NAME } from '../domain/engine/task-queues.ts';
import type { Env } from '../providers/connections/references.ts';
import { problemsInWords, setVariables } from '../providers/environment.ts';
import { DEFAULTS } from './defaults.ts';

const seconds = z.coerce.number().positive();

export const DatabaseUrl = z.string().refine((text) => databaseUrlProblem(text) === null, {
  error: ({ input }) => databaseUrlProblem(String(input)) ?? undefined,
});

const SOCKET_ADDRESS = 'must be an IP address and a port, such as 0.0.0.0:9464 or [::]:9464';

/** Temporal's core looks no name up. */
function isSocketAddress(text: string): boolean {
  const [, ipv6, ipv4, port] = /^(?:\[(.+)\]|([\d.]+)):(\d{1,5})$/.exec(text) ?? [];
  return (isIPv6(ipv6 ?? '') || isIPv4(ipv4 ?? '')) && Number(port) <= 65_535;
}

/** The worker's settings. Temporal's environment configuration sets the connection to Temporal. */
export const WorkerConfig = z.object({
  DATABASE_URL: DatabaseUrl,
  RINGFENCE_TASK_QUEUE: z.string().min(1).max(LONGEST_QUEUE_NAME).default(DEFAULTS.taskQueue),
  /** Port of /healthz and /readyz; 0 takes any free one. */
  RINGFENCE_HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).default(DEFAULTS.healthPort),
  RINGFENCE_HEALTH_HOST: z.string().default(DEFAULTS.healthHost),
  /** Connections to PostgreSQL. Each dial uses one twice, for milliseconds. */
  RINGFENCE_DB_POOL: z.coerce.number().int().min(2).default(DEFAULTS.databaseConnections),
  /** Placements under way at the same time in this worker. */
  RINGFENCE_MAX_DIALS: z.coerce.number().int().min(1).default(DEFAULTS.maxDials),
  /** Placements per second over all workers of the task queue. Unset: no limit except the campaigns' own. */
  RINGFENCE_DIALS_PER_SECOND: z.coerce.number().positive().optional(),
  /** Time after a call's maximum length until it counts as lost, in seconds. */
  RINGFENCE_CALL_GRACE: seconds.default(DEFAULTS.callGraceMs / 1000),
  /** Address and port for Prometheus; unset: no metrics are served. */
  RINGFENCE_METRICS: z.string().refine(isSocketAddress, SOCKET_ADDRESS).optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default(DEFAULTS.logLevel),
});
export type WorkerConfig = z.infer<typeof WorkerConfig>;

/**
 * Reads settings from an environment.
 * @throws RingfenceError `misconfigured` with the names of all variables at fault
 */
export function readConfig<T>(schema: z.ZodType<T>, env: Env): T {
  const set = setVariables(env);
  const read = schema.safeParse(set);
  if (read.success) return read.data;
  const problems = problemsInWords(read.error, set);
  throw new RingfenceError('misconfigured', `Correct the environment: ${problems.join('; ')}.`);
}
