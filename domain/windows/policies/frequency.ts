/** How often policies allow calls to one number. */
import { DAY_MS } from '../zone-offsets.ts';
import { appliesTo, type Place } from './narrow.ts';
import type { Policy } from './policy.ts';

/** The policies that hold for a contact, and the limits of calls to its number that they add. */
export interface PolicyLimits {
  readonly policies: readonly { readonly name: string; readonly version: string }[];
  /** At most `max` calls in any `hours`. */
  readonly limits: readonly { readonly max: number; readonly hours: number; readonly policy: string }[];
  /** No call within so many hours after a conversation. */
  readonly pauses: readonly { readonly hours: number; readonly policy: string }[];
}

export const NO_POLICY_LIMITS: PolicyLimits = { policies: [], limits: [], pauses: [] };

/** A civil date begins up to this much before, and ends up to this much after, the same date in UTC. */
const ZONES_MS = 14 * 3_600_000;

/** The limits for a contact at that place. A policy that may hold there or then does. */
export function policyLimits(policies: readonly Policy[], place: Place | null, now: number): PolicyLimits {
  const holding = policies.filter((policy) => appliesTo(policy, place) && mayHoldAt(policy, now));
  return {
    policies: holding.map(({ name, version }) => ({ name, version })),
    limits: holding.flatMap(({ name, frequency }) => frequency.map((limit) => ({ ...limit, policy: name }))),
    pauses: holding.flatMap(({ name, after_conversation_hours: hours }) =>
      hours === null ? [] : [{ hours, policy: name }],
    ),
  };
}

function mayHoldAt({ valid_from, valid_to }: Policy, now: number): boolean {
  const isBegun = valid_from === null || now >= Date.parse(valid_from) - ZONES_MS;
  return isBegun && (valid_to === null || now < Date.parse(valid_to) + DAY_MS + ZONES_MS);
}
