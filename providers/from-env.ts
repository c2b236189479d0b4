import { z } from 'zod';
import type { AllowedNumbers } from '../domain/contacts/allowed-numbers.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { LOOK_UP_BOUNDS, LOOK_UP_DEFAULTS, type LookUpTerms } from './connections/look-ups.ts';
import type { Env } from './connections/references.ts';
import type { CallProvider } from './port.ts';
import { Countries, NumberTypes } from './connections/schema.ts';
import { TruedyConfig } from './truedy/config.ts';
import { createTruedyProvider } from './truedy/truedy.ts';

/** An empty variable counts as omitted: as a number it would be 0. */
function unlessEmpty<T>(schema: z.ZodType<T>) {
  return z.preprocess((text) => (text === '' ? undefined : text), schema);
}

const seconds = unlessEmpty(z.coerce.number().min(0).optional());

/** The environment variables of the Truedy adapter. Omitted variables have the adapter's own defaults. */
export const TruedyEnv = z.object({
  TRUEDY_BASE_URL: z.string(),
  TRUEDY_API_KEY: z.string(),
  /** One secret or, during a rotation, several separated by commas. */
  TRUEDY_WEBHOOK_SECRETS: z.string(),
  TRUEDY_REQUEST_TIMEOUT: seconds,
  TRUEDY_QUEUE_BOUND: seconds,
  TRUEDY_MAX_DURATION: seconds,
  TRUEDY_JOIN_TIMEOUT: seconds,
  TRUEDY_KEY_TTL: seconds,
  TRUEDY_COUNTRIES: commaList(Countries),
  TRUEDY_NUMBER_TYPES: commaList(NumberTypes),
  TRUEDY_LOOK_UP_AFTER: unlessEmpty(
    z.coerce
      .number()
      .min(LOOK_UP_BOUNDS.shortestAfterS)
      .max(LOOK_UP_BOUNDS.longestAfterS)
      .default(LOOK_UP_DEFAULTS.lookUpAfterMs / 1000),
  ),
  TRUEDY_LOOK_UPS_PER_MINUTE: unlessEmpty(
    z.coerce
      .number()
      .int()
      .min(LOOK_UP_BOUNDS.leastPerMinute)
      .max(LOOK_UP_BOUNDS.mostPerMinute)
      .default(LOOK_UP_DEFAULTS.lookUpsPerMinute),
  ),
});

/** An empty variable counts as omitted. */
function commaList<T>(list: z.ZodType<T>) {
  return z.preprocess(
    (text: string | undefined) => (text ? text.split(',').map((item) => item.trim()) : undefined),
    list.optional(),
  );
}

/** The numbers that the environment allows. An error names the variable. */
export function allowedFromEnv(env: Env): Omit<AllowedNumbers, 'name'> {
  const vars = TruedyEnv.pick({ TRUEDY_COUNTRIES: true, TRUEDY_NUMBER_TYPES: true }).safeParse(env);
  if (!vars.success) throw notSetUp(vars.error, env);
  return { countries: vars.data.TRUEDY_COUNTRIES ?? null, numberTypes: vars.data.TRUEDY_NUMBER_TYPES ?? null };
}

/** When and how often calls are looked up. The calls themselves do not depend on it. */
export const LOOK_UP_VARIABLES = ['TRUEDY_LOOK_UP_AFTER', 'TRUEDY_LOOK_UPS_PER_MINUTE'] as const;

/** The provider that the environment configures. An error names the variable. */
export function providerFromEnv(env: Env): CallProvider {
  const vars = TruedyEnv.safeParse(env);
  if (!vars.success) throw notSetUp(vars.error, env);
  const config = TruedyConfig.safeParse(toConfig(vars.data));
  if (!config.success) throw notSetUp(config.error, env);
  return createTruedyProvider(config.data);
}

/** The terms of look-ups. An error names the variable. */
export function lookUpTermsFromEnv(env: Env): LookUpTerms {
  const vars = TruedyEnv.pick({ TRUEDY_LOOK_UP_AFTER: true, TRUEDY_LOOK_UPS_PER_MINUTE: true }).safeParse(env);
  if (!vars.success) throw notSetUp(vars.error, env);
  return {
    lookUpAfterMs: Math.round(vars.data.TRUEDY_LOOK_UP_AFTER * 1000),
    lookUpsPerMinute: vars.data.TRUEDY_LOOK_UPS_PER_MINUTE,
  };
}

function toConfig(vars: z.infer<typeof TruedyEnv>): Record<string, unknown> {
  return {
    baseUrl: vars.TRUEDY_BASE_URL,
    apiKey: vars.TRUEDY_API_KEY,
    webhookSecrets: vars.TRUEDY_WEBHOOK_SECRETS.split(',').map((secret) => secret.trim()),
    requestTimeoutMs: inMs(vars.TRUEDY_REQUEST_TIMEOUT),
    queueBoundMs: inMs(vars.TRUEDY_QUEUE_BOUND),
    maxDurationS: vars.TRUEDY_MAX_DURATION,
    joinTimeoutS: vars.TRUEDY_JOIN_TIMEOUT,
    keyTtlMs: inMs(vars.TRUEDY_KEY_TTL),
  };
}

/** The variable of each setting of the adapter, for errors. */
const VARIABLE_OF: Readonly<Record<keyof TruedyConfig, keyof z.infer<typeof TruedyEnv>>> = {
  baseUrl: 'TRUEDY_BASE_URL',
  apiKey: 'TRUEDY_API_KEY',
  webhookSecrets: 'TRUEDY_WEBHOOK_SECRETS',
  requestTimeoutMs: 'TRUEDY_REQUEST_TIMEOUT',
  queueBoundMs: 'TRUEDY_QUEUE_BOUND',
  maxDurationS: 'TRUEDY_MAX_DURATION',
  joinTimeoutS: 'TRUEDY_JOIN_TIMEOUT',
  keyTtlMs: 'TRUEDY_KEY_TTL',
};
const isSetting = (name: PropertyKey | undefined): name is keyof TruedyConfig =>
  name !== undefined && Object.hasOwn(VARIABLE_OF, name);

function notSetUp(error: z.ZodError, env: Readonly<Record<string, string | undefined>>): RingfenceError {
  const problems = error.issues.map(({ path, message }) => {
    const [field] = path;
    const name = isSetting(field) ? VARIABLE_OF[field] : String(field);
    return env[name] === undefined ? `${name} is not set` : `${name}: ${message}`;
  });
  return new RingfenceError('misconfigured', `The provider is not configured correctly. ${problems.join('; ')}`);
}

function inMs(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value * 1000);
}
