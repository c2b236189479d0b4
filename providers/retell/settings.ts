import { z } from 'zod';
import { DIAL } from '../../domain/engine/dial-budget.ts';
import { CarrierUrl } from '../carrier.ts';

const ApiKey = z.string().regex(/^[\x21-\x7e]{1,512}$/, 'must be printable ASCII without spaces');

/** The bounds that Retell documents for the settings of an agent. */
const LONGEST_CALL_S = 7_200;
const LONGEST_RINGING_S = 300;

/** The fields of a connection to Retell, in the connections file. */
export const RetellSettings = z.strictObject({
  base_url: CarrierUrl.default('https://api.retellai.com'),
  api_key: ApiKey,
  /**
   * The API keys whose webhook signatures are accepted: one, or several during a rotation. Retell signs with the key that
   * has the webhook badge. Default: `api_key`.
   */
  webhook_keys: z
    .preprocess((given) => (typeof given === 'string' ? [given] : given), z.array(ApiKey).min(1).max(10))
    .optional(),
  /**
   * Limit for a whole request, including the wait for a connection and the body of the answer. Long by default, because a
   * call whose reply comes later is of unknown outcome: Retell's own client waits two minutes.
   */
  request_timeout_seconds: z
    .number()
    .min(0.1)
    .max(DIAL.longestRequestMs / 1000)
    .default(DIAL.longestRequestMs / 1000),
  /** Longest time that an accepted call waits at Retell before it is dialled. After five minutes Retell gives it up. */
  queue_bound_seconds: z.number().min(0).max(3_600).default(300),
  /** Longest duration of an answered call, sent with each call. Default: the agent's setting, at most two hours. */
  max_duration_seconds: z.int().min(60).max(LONGEST_CALL_S).optional(),
  /** Longest ringing time, sent with each call. Default: the agent's setting, at most five minutes. */
  ring_seconds: z.int().min(5).max(LONGEST_RINGING_S).optional(),
});
export type RetellSettings = z.infer<typeof RetellSettings>;

/** The longest time between the dial and the end of a call. What the connection does not limit is as long as Retell allows. */
export function callLifetimeMs({
  max_duration_seconds = LONGEST_CALL_S,
  ring_seconds = LONGEST_RINGING_S,
}: Pick<RetellSettings, 'max_duration_seconds' | 'ring_seconds'>): number {
  return (ring_seconds + max_duration_seconds) * 1000;
}
