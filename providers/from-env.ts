import { z } from 'zod';
import { RingfenceError } from '../domain/errors.ts';
import type { CallProvider } from './port.ts';
import { TruedyConfig } from './truedy-config.ts';
import { createTruedyProvider } from './truedy.ts';

const seconds = z.coerce.number().min(0);

/** The environment variables of the Truedy adapter; what is left out takes the adapter's own default. */
export const TruedyEnv = z.object({
  TRUEDY_BASE_URL: z.string(),
  TRUEDY_API_KEY: z.string(),
  /** One secret or, during a rotation, several with commas between. */
  TRUEDY_WEBHOOK_SECRETS: z.string(),
  TRUEDY_REQUEST_TIMEOUT: seconds.optional(),
  TRUEDY_QUEUE_BOUND: seconds.optional(),
  TRUEDY_MAX_DURATION: seconds.optional(),
  TRUEDY_JOIN_TIMEOUT: seconds.optional(),
  TRUEDY_KEY_TTL: seconds.optional(),
});

/** The provider that an environment describes. The error names the variable. */
export function providerFromEnv(env: Readonly<Record<string, string | undefined>>): CallProvider {
  const read = TruedyEnv.transform((vars) => ({
    baseUrl: vars.TRUEDY_BASE_URL,
    apiKey: vars.TRUEDY_API_KEY,
    webhookSecrets: vars.TRUEDY_WEBHOOK_SECRETS.split(',').map((secret) => secret.trim()),
    requestTimeoutMs: inMs(vars.TRUEDY_REQUEST_TIMEOUT),
    queueBoundMs: inMs(vars.TRUEDY_QUEUE_BOUND),
    maxDurationS: vars.TRUEDY_MAX_DURATION,
    joinTimeoutS: vars.TRUEDY_JOIN_TIMEOUT,
    keyTtlMs: inMs(vars.TRUEDY_KEY_TTL),
  }))
    .pipe(TruedyConfig)
    .safeParse(env);
  if (read.success) return createTruedyProvider(read.data);
  const problems = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new RingfenceError('misconfigured', `The provider cannot be set up. ${problems.join('; ')}`);
}

function inMs(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value * 1000);
}
