import { z } from 'zod';
import type { AllowedNumbers } from '../domain/contacts/allowed-numbers.ts';
import { DIAL } from '../domain/engine/dial-budget.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { LOOK_UP_BOUNDS, LOOK_UP_DEFAULTS, type LookUpTerms } from './connections/look-ups.ts';
import type { Env } from './connections/references.ts';
import { problemsInWords, type Setting, setVariables, type SetVariables } from './environment.ts';
import type { CallProvider } from './port.ts';
import { Countries, NumberTypes } from './connections/schema.ts';
import { TruedyConfig } from './truedy/config.ts';
import { createTruedyProvider } from './truedy/truedy.ts';

const seconds = z.coerce.number().min(0).optional();

/** The environment variables of the Truedy adapter. Omitted variables have the adapter's own defaults. */
export const TruedyEnv = z.object({
  TRUEDY_BASE_URL: z.string(),
  TRUEDY_API_KEY: z.string(),
  /** One secret or, during a rotation, several separated by commas. */
  TRUEDY_WEBHOOK_SECRETS: z.string(),
  TRUEDY_REQUEST_TIMEOUT: z.coerce
    .number()
    .min(0)
    .max(DIAL.longestRequestMs / 1000)
    .optional(),
  TRUEDY_QUEUE_BOUND: seconds,
  TRUEDY_MAX_DURATION: seconds,
  TRUEDY_JOIN_TIMEOUT: seconds,
  TRUEDY_KEY_TTL: seconds,
  TRUEDY_COUNTRIES: commaList(Countries),
  TRUEDY_NUMBER_TYPES: commaList(NumberTypes),
  TRUEDY_LOOK_UP_AFTER: z.coerce
    .number()
    .min(LOOK_UP_BOUNDS.shortestAfterS)
    .max(LOOK_UP_BOUNDS.longestAfterS)
    .default(LOOK_UP_DEFAULTS.lookUpAfterMs / 1000),
  TRUEDY_LOOK_UPS_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(LOOK_UP_BOUNDS.leastPerMinute)
    .max(LOOK_UP_BOUNDS.mostPerMinute)
    .default(LOOK_UP_DEFAULTS.lookUpsPerMinute),
});

function commaList<T>(list: z.ZodType<T>) {
  return z.preprocess((text: string | undefined) => text?.split(',').map((item) => item.trim()), list.optional());
}

/** The numbers that the environment allows. An error names the variable. */
export function allowedFromEnv(env: Env): Omit<AllowedNumbers, 'name'> {
  const { TRUEDY_COUNTRIES, TRUEDY_NUMBER_TYPES } = TruedyEnv.shape;
  const vars = read(z.object({ TRUEDY_COUNTRIES, TRUEDY_NUMBER_TYPES }), env);
  return { countries: vars.TRUEDY_COUNTRIES ?? null, numberTypes: vars.TRUEDY_NUMBER_TYPES ?? null };
}

/** When and how often calls are looked up. The calls themselves do not depend on it. */
export const LOOK_UP_VARIABLES = ['TRUEDY_LOOK_UP_AFTER', 'TRUEDY_LOOK_UPS_PER_MINUTE'] as const;

/** The terms of look-ups. An error names the variable. */
export function lookUpTermsFromEnv(env: Env): LookUpTerms {
  const { TRUEDY_LOOK_UP_AFTER, TRUEDY_LOOK_UPS_PER_MINUTE } = TruedyEnv.shape;
  const vars = read(z.object({ TRUEDY_LOOK_UP_AFTER, TRUEDY_LOOK_UPS_PER_MINUTE }), env);
  return {
    lookUpAfterMs: Math.round(vars.TRUEDY_LOOK_UP_AFTER * 1000),
    lookUpsPerMinute: vars.TRUEDY_LOOK_UPS_PER_MINUTE,
  };
}

function read<T>(schema: z.ZodType<T>, env: Env): T {
  const set = setVariables(env);
  const vars = schema.safeParse(set);
  if (vars.success) return vars.data;
  throw misconfigured(problemsInWords(vars.error, set));
}

/** The provider that the environment configures. An error names all variables at fault. */
export function providerFromEnv(env: Env): CallProvider {
  return createTruedyProvider(truedyConfig(env));
}

/** @throws RingfenceError `misconfigured` with the names of all variables at fault, whatever each of them sets */
export function truedyConfig(env: Env): TruedyConfig {
  const set = setVariables(env);
  const vars = TruedyEnv.safeParse(set);
  const config = TruedyConfig.safeParse(toConfig(vars.data ?? readable(set)));
  if (vars.success && config.success) return config.data;
  const ofVariables = vars.success ? [] : problemsInWords(vars.error, set);
  const ofSettings = config.success ? [] : problemsInWords(config.error, set, settingOf);
  throw misconfigured([...new Set([...ofVariables, ...ofSettings])]);
}

type TruedyVariables = z.infer<typeof TruedyEnv>;

/** Those variables that can be read. */
function readable(set: SetVariables): Partial<TruedyVariables> {
  const entries = Object.entries(TruedyEnv.shape).map(([name, schema]) => [name, schema.safeParse(set[name]).data]);
  return Object.fromEntries(entries) as Partial<TruedyVariables>;
}

function toConfig(vars: Partial<TruedyVariables>): Record<string, unknown> {
  return {
    baseUrl: vars.TRUEDY_BASE_URL,
    apiKey: vars.TRUEDY_API_KEY,
    webhookSecrets: vars.TRUEDY_WEBHOOK_SECRETS?.split(',').map((secret) => secret.trim()),
    requestTimeoutMs: inMs(vars.TRUEDY_REQUEST_TIMEOUT),
    queueBoundMs: inMs(vars.TRUEDY_QUEUE_BOUND),
    maxDurationS: vars.TRUEDY_MAX_DURATION,
    joinTimeoutS: vars.TRUEDY_JOIN_TIMEOUT,
    keyTtlMs: inMs(vars.TRUEDY_KEY_TTL),
  };
}

/** The variable of each setting of the adapter, for errors. */
const SETTINGS: Readonly<Record<keyof TruedyConfig, Setting & { readonly variable: keyof TruedyVariables }>> = {
  baseUrl: { variable: 'TRUEDY_BASE_URL' },
  apiKey: { variable: 'TRUEDY_API_KEY' },
  webhookSecrets: { variable: 'TRUEDY_WEBHOOK_SECRETS' },
  requestTimeoutMs: { variable: 'TRUEDY_REQUEST_TIMEOUT', unit: 1_000 },
  queueBoundMs: { variable: 'TRUEDY_QUEUE_BOUND', unit: 1_000 },
  maxDurationS: { variable: 'TRUEDY_MAX_DURATION' },
  joinTimeoutS: { variable: 'TRUEDY_JOIN_TIMEOUT' },
  keyTtlMs: { variable: 'TRUEDY_KEY_TTL', unit: 1_000 },
};

function settingOf(name: string): Setting {
  return SETTINGS[name as keyof TruedyConfig];
}

function misconfigured(problems: readonly string[]): RingfenceError {
  return new RingfenceError('misconfigured', `Correct the settings of the provider: ${problems.join('; ')}.`);
}

function inMs(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value * 1000);
}
