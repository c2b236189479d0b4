/** Truedy as a built-in carrier: its fields in the connections file. */
import { z } from 'zod';
import { DIAL } from '../../domain/engine/dial-budget.ts';
import type { Carrier } from '../carrier.ts';
import { TruedyConfig } from './config.ts';
import { createTruedyProvider } from './truedy.ts';

const { baseUrl, apiKey, webhookSecrets, maxDurationS, joinTimeoutS } = TruedyConfig.shape;
const secondsAsMs = (least: number, most: number, byDefault: number) =>
  z
    .number()
    .min(least)
    .max(most)
    .default(byDefault)
    .transform((seconds) => Math.round(seconds * 1000));

const Settings = z.strictObject({
  base_url: baseUrl,
  api_key: apiKey,
  /** One secret, or several during a rotation. */
  webhook_secrets: z.preprocess((given) => (typeof given === 'string' ? [given] : given), webhookSecrets),
  request_timeout_seconds: secondsAsMs(
    0.1,
    DIAL.longestRequestMs / 1000,
    TruedyConfig.shape.requestTimeoutMs.parse(undefined) / 1000,
  ),
  queue_bound_seconds: secondsAsMs(0, 3600, TruedyConfig.shape.queueBoundMs.parse(undefined) / 1000),
  max_duration_seconds: maxDurationS,
  join_timeout_seconds: joinTimeoutS,
  key_ttl_seconds: secondsAsMs(0, 86_400, TruedyConfig.shape.keyTtlMs.parse(undefined) / 1000),
});

export const truedy: Carrier<z.infer<typeof Settings>> = {
  name: 'truedy',
  settings: Settings,
  secrets: ['api_key', 'webhook_secrets'],
  callsPerSecond: null,
  create: (settings, { now }) =>
    createTruedyProvider(
      {
        baseUrl: settings.base_url,
        apiKey: settings.api_key,
        webhookSecrets: settings.webhook_secrets,
        requestTimeoutMs: settings.request_timeout_seconds,
        queueBoundMs: settings.queue_bound_seconds,
        maxDurationS: settings.max_duration_seconds,
        joinTimeoutS: settings.join_timeout_seconds,
        keyTtlMs: settings.key_ttl_seconds,
      },
      now === undefined ? {} : { now },
    ),
};
