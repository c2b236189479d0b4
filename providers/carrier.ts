/** What a built-in carrier gives to connections: its settings in the connections file, and its adapter. */
import { z } from 'zod';
import { hasCredentials, HTTP_FOR, isHttpsOrLocal } from './https-url.ts';
import type { CallProvider } from './port.ts';

export interface CarrierOptions {
  /** Public URL at which the carrier's webhooks of this connection arrive, without a query. Undefined: not configured. */
  readonly webhookUrl?: string | undefined;
  /** Numbers to call from, as the carrier names them. The first is used where a call names none. */
  readonly callerNumbers?: readonly string[] | undefined;
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: (() => number) | undefined;
}

/**
 * One built-in carrier. `create` is called with what `settings` returned, nothing else: the table of carriers knows
 * the settings of each only as `unknown`.
 */
export interface Carrier<Settings = unknown> {
  /** The word for it in the file's field `provider`, and the name of its adapter. */
  readonly name: string;
  /**
   * Its own fields of a connection, in snake case, as a strict object. References to secrets (`env:NAME`, `file:PATH`) are
   * replaced by their values before it reads them. Its messages must not contain values.
   */
  readonly settings: z.ZodType<Settings>;
  /** Those of its fields that hold a secret. The file may contain only references for them. */
  readonly secrets: readonly string[];
  /**
   * Its documented number of calls per second for an account without an agreement, which holds where the file says nothing.
   * Null: none is documented.
   */
  readonly callsPerSecond: number | null;
  create(settings: Settings, options: CarrierOptions): CallProvider;
}

/** The URL of a carrier's API. It is reached by https; only a stand-in may speak http. */
export const CarrierUrl = z
  .url({ protocol: /^https?$/, error: 'must be an https URL', abort: true })
  .refine(isHttpsOrLocal, `must be an https URL: ${HTTP_FOR}`)
  .refine((url) => !hasCredentials(url), 'must contain no user and no password')
  .refine((url) => !/[?#]/.test(url), 'must have no query')
  .transform((url) => url.replace(/\/+$/, ''));
