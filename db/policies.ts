/** The calling policies of a campaign, for one of its contacts. */
import { contactPlace } from '../domain/contacts/contact-place.ts';
import { knownPolicies, policiesNamed } from '../domain/windows/policies/built-in.ts';
import { NO_POLICY_LIMITS, policyLimits, type PolicyLimits } from '../domain/windows/policies/frequency.ts';

export interface PolicyRow {
  /** The names in the campaign's terms. Null: none. */
  readonly policy: readonly string[] | null;
  readonly region: string | null;
  readonly phone_number: string;
}

/**
 * What the campaign's policies ask for at the contact's place. Most campaigns have none, and read no number's place.
 *
 * @throws RingfenceError `validation_error` for a policy that this process does not know
 */
export function policyLimitsOf({ policy, region, phone_number: number }: PolicyRow, now: number): PolicyLimits {
  if (policy === null || policy.length === 0) return NO_POLICY_LIMITS;
  return policyLimits(policiesNamed(policy), contactPlace(region, number), now);
}

/** The most calls that one of the known policies allows a number: so many placements are read. */
export function mostByPolicy(): number {
  return Math.max(1, ...knownPolicies().flatMap(({ frequency }) => frequency.map(({ max }) => max)));
}

/** For so many hours the known policies count a call at most. */
export function longestOfPolicies(): number {
  return Math.max(
    0,
    ...knownPolicies().flatMap(({ frequency, after_conversation_hours: pause }) => [
      ...frequency.map(({ hours }) => hours),
      pause ?? 0,
    ]),
  );
}
