import { z } from 'zod';
import { LONGEST_QUEUE_NAME } from '../domain/engine/task-queues.ts';
import { TrustedProxies } from './http/client-address.ts';
import { DatabaseUrl } from '../worker/config.ts';
import { DEFAULTS } from '../worker/defaults.ts';

/**
 * The gateway's settings. Temporal's environment configuration sets the connection to Temporal, and the provider's own
 * variables set the connection to the provider.
 */
export const GatewayConfig = z.object({
  DATABASE_URL: DatabaseUrl,
  RINGFENCE_HOST: z.string().min(1).default(DEFAULTS.gatewayHost),
  /** 0 takes any free port, which the ready line names. */
  RINGFENCE_PORT: z.coerce.number().int().min(0).max(65_535).default(DEFAULTS.gatewayPort),
  /** Task queue of the workers that run campaigns. They need the same. */
  RINGFENCE_TASK_QUEUE: z.string().min(1).max(LONGEST_QUEUE_NAME).default(DEFAULTS.taskQueue),
  /** A key with the scope `write` for the account `default`. Only its hash is stored. */
  RINGFENCE_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{16,512}$/, 'must be 16 to 512 printable ASCII characters without spaces')
    .optional(),
  /** Largest body of a campaign or a forecast, in bytes. */
  RINGFENCE_BODY_LIMIT: z.coerce.number().int().min(1_024).max(1_073_741_824).default(DEFAULTS.bodyLimit),
  /** Requests per minute of one key. */
  RINGFENCE_REQUESTS_PER_MINUTE: z.coerce.number().int().min(1).default(DEFAULTS.requestsPerMinute),
  /**
   * Trusted proxies, as addresses or CIDR networks separated by commas: the `X-Forwarded-For` of their requests counts.
   */
  RINGFENCE_TRUSTED_PROXIES: TrustedProxies,
  /** Connections to PostgreSQL. */
  RINGFENCE_DB_POOL: z.coerce.number().int().min(2).default(DEFAULTS.databaseConnections),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default(DEFAULTS.logLevel),
});
export type GatewayConfig = z.infer<typeof GatewayConfig>;
