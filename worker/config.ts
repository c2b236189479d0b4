import { z } from 'zod';
import { RingfenceError } from '../domain/engine/errors.ts';
import { LONGEST_QUEUE_NAME } from '../domain/engine/task-queues.ts';
import { DEFAULTS } from './defaults.ts';

const seconds = z.coerce.number().positive();

/** The worker's settings. Temporal's environment configuration sets the connection to Temporal. */
export const WorkerConfig = z.object({
  DATABASE_URL: z.string().min(1),
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
  /** host:port for Prometheus; unset: no metrics are served. */
  RINGFENCE_METRICS: z.string().optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default(DEFAULTS.logLevel),
});
export type WorkerConfig = z.infer<typeof WorkerConfig>;

/** Reads settings from an environment. An error names the variable. */
export function readConfig<T>(schema: z.ZodType<T>, env: Readonly<Record<string, string | undefined>>): T {
  const read = schema.safeParse(env);
  if (read.success) return read.data;
  const problems = read.error.issues.map(({ path, message }) => {
    const name = path.join('.');
    return env[name] === undefined ? `${name} is not set` : `${name}: ${message}`;
  });
  throw new RingfenceError('misconfigured', `Correct the environment: ${problems.join('; ')}.`);
}
