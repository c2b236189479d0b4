import { z } from 'zod';
import { LONGEST_QUEUE_NAME } from '../domain/engine/task-queues.ts';
import { TrustedProxies } from './http/client-address.ts';
import { DEFAULTS } from '../worker/defaults.ts';

/**
 * The gateway's own settings. How to reach Temporal comes from Temporal's environment configuration, how to reach the
 * provider from the provider's own variables.
 */
export const GatewayConfig = z.object({
  DATABASE_URL: z.string().min(1),
  RINGFENCE_HOST: z.string().min(1).default(DEFAULTS.gatewayHost),
  /** 0 takes any free port; the ready line names it. */
  RINGFENCE_PORT: z.coerce.number().int().min(0).max(65_535).default(DEFAULTS.gatewayPort),
  /** The queue of the workers that run campaigns; theirs must be the same. */
  RINGFENCE_TASK_QUEUE: z.string().min(1).max(LONGEST_QUEUE_NAME).default(DEFAULTS.taskQueue),
  /** A key with the scope `write` for the account `default`, known from the start. Only its hash is stored. */
  RINGFENCE_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{16,512}$/, 'must be 16 to 512 printable ASCII characters without spaces')
    .optional(),
  /** Largest body that brings contacts, in bytes. */
  RINGFENCE_BODY_LIMIT: z.coerce.number().int().min(1_024).max(1_073_741_824).default(DEFAULTS.bodyLimit),
  /** Requests per minute that one key may send. */
  RINGFENCE_REQUESTS_PER_MINUTE: z.coerce.number().int().min(1).default(DEFAULTS.requestsPerMinute),
  /** Proxies whose `X-Forwarded-For` is believed, by address or CIDR network, separated by commas. */
  RINGFENCE_TRUSTED_PROXIES: TrustedProxies,
  /** Connections to PostgreSQL. */
  RINGFENCE_DB_POOL: z.coerce.number().int().min(2).default(DEFAULTS.databaseConnections),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default(DEFAULTS.logLevel),
});
export type GatewayConfig = z.infer<typeof GatewayConfig>;
