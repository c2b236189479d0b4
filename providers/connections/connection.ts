import type { NumberKind } from '../../domain/contacts/number-kind.ts';
import type { CallProvider } from '../port.ts';

/** One account at one carrier, as the connections file or the environment describes it. Contains no secret. */
export interface Connection {
  readonly name: string;
  /** The carrier. */
  readonly provider: string;
  readonly callsPerSecond: number;
  /** Countries that may be dialled. Null, only for a connection of the environment: not restricted. */
  readonly countries: readonly string[] | null;
  readonly numberTypes: readonly NumberKind[] | null;
  /** Null: all. */
  readonly accounts: readonly string[] | null;
  readonly agents: readonly string[] | null;
  /** Null: the carrier chooses. */
  readonly callerNumbers: readonly string[] | null;
  /** Public URL at which its webhooks arrive. Null: not configured. */
  readonly webhookUrl: string | null;
  /** References whose secret is missing here, so that it cannot be opened: `env:NAME`. */
  readonly missingSecrets: readonly string[];
  /** Its adapter. @throws RingfenceError `misconfigured` if a secret is missing */
  open(): CallProvider;
}
