import type { NumberKind } from '../../domain/contacts/number-kind.ts';
import type { CallProvider } from '../port.ts';
import { LOOK_UP_DEFAULTS, type LookUpTerms } from './look-ups.ts';

/** One account at one carrier, as the connections file or the environment describes it. Contains no secret. */
export interface Connection extends LookUpTerms {
  readonly name: string;
  /** The carrier. */
  readonly provider: string;
  /** Null: no rate is documented, and none is set. */
  readonly callsPerSecond: number | null;
  /** Calls in flight over all campaigns. Null: not limited. */
  readonly maxConcurrentCalls: number | null;
  /** Countries that may be dialled. Null, only for a connection of the environment: not restricted. */
  readonly countries: readonly string[] | null;
  /** Null, only for a connection of the environment or of a program: the usual kinds. */
  readonly numberTypes: readonly NumberKind[] | null;
  /** Null: all. */
  readonly accounts: readonly string[] | null;
  readonly agents: readonly string[] | null;
  /** Null: the carrier chooses. */
  readonly callerNumbers: readonly string[] | null;
  /** Public URL at which its webhooks arrive. Null: not configured. */
  readonly webhookUrl: string | null;
  /**
   * A digest of the account and of all settings of the carrier. A frozen request is repeated only at a connection with the
   * same value, whatever its name. Null if a secret is missing or wrong.
   */
  readonly madeFor: string | null;
  /** References that give no usable secret here, so that it cannot be opened: `env:NAME`. */
  readonly missingSecrets: readonly string[];
  /** Its adapter. @throws RingfenceError `misconfigured` if a secret is missing or wrong */
  open(): CallProvider;
}

/** The connection of a program that brings its own adapter. It may call every country, and the usual kinds of numbers. */
export function connectionOf(provider: CallProvider): Connection {
  return {
    name: provider.name,
    provider: provider.name,
    callsPerSecond: null,
    maxConcurrentCalls: null,
    countries: null,
    numberTypes: null,
    accounts: null,
    agents: null,
    callerNumbers: null,
    webhookUrl: null,
    ...LOOK_UP_DEFAULTS,
    madeFor: provider.name,
    missingSecrets: [],
    open: () => provider,
  };
}
