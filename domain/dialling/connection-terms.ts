/** What a connection allows its campaigns to name and to dial, checked at every dial. */
import { type AllowedNumbers, type NumberProblem, numberRefusal } from '../contacts/allowed-numbers.ts';
import { numberFacts } from '../contacts/number-kind.ts';
import type { CallToPlace } from './provider-messages.ts';

export interface ConnectionTerms extends AllowedNumbers {
  readonly name: string;
  /** Null: all, as in the fields below. */
  readonly accounts: readonly string[] | null;
  readonly agents: readonly string[] | null;
  readonly callerNumbers: readonly string[] | null;
  /** Calls in flight over all campaigns. Null: not limited. */
  readonly maxConcurrentCalls: number | null;
}

/** Whether an account may use the connection. */
export function mayUse({ accounts }: Pick<ConnectionTerms, 'accounts'>, account: string): boolean {
  return allows(accounts, account);
}

/** Why a call must not be dialled through its connection now, although its campaign was accepted. */
export type DialRefusal =
  /** Concerns this contact alone. */
  | { readonly kind: 'not_allowed'; readonly reason: NumberProblem }
  /** Concerns the whole campaign: the file was edited since the campaign was created. */
  | {
      readonly kind: 'blocked';
      readonly reason: 'account_not_allowed' | 'agent_not_allowed' | 'caller_number_not_allowed' | 'policy_not_known';
    };

/** Decides about one dial. Null: the connection allows it. */
export function dialRefusal(
  terms: ConnectionTerms,
  { account, call }: { readonly account: string; readonly call: CallToPlace },
): DialRefusal | null {
  if (!mayUse(terms, account)) return { kind: 'blocked', reason: 'account_not_allowed' };
  if (!allows(terms.agents, call.agentId)) return { kind: 'blocked', reason: 'agent_not_allowed' };
  if (call.fromNumberId !== null && !allows(terms.callerNumbers, call.fromNumberId)) {
    return { kind: 'blocked', reason: 'caller_number_not_allowed' };
  }
  const refusal = numberRefusal(terms, numberFacts(call.phoneNumber));
  return refusal === null ? null : { kind: 'not_allowed', reason: refusal.reason };
}

/** Whether a list of a connection contains a value. */
export function allows(allowed: readonly string[] | null, value: string): boolean {
  return allowed === null || allowed.includes(value);
}
