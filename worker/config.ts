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

/**
 * Reads settings from an environment. An empty variable counts as one that is not set: as a number it would be 0.
 * @throws RingfenceError `misconfigured` with the names of all variables at fault
 */
export function readConfig<T>(schema: z.ZodType<T>, env: Readonly<Record<string, string | undefined>>): T {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const read = schema.safeParse(set);
  if (read.success) return read.data;
  const problems = read.error.issues.map((issue) => {
    const name = issue.path.join('.');
    return set[name] === undefined ? `${name} is not set` : `${name}: ${inWords(issue)}`;
  });
  throw new RingfenceError('misconfigured', `Correct the environment: ${problems.join('; ')}.`);
}

function inWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type')
    return issue.expected === 'int' ? 'must be a whole number' : `must be a ${issue.expected}`;
  if (issue.code === 'too_small') return `must be ${issue.inclusive === false ? 'above' : 'at least'} ${issue.minimum}`;
  if (issue.code === 'too_big')
    return `must be at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`;
  return issue.message;
}
