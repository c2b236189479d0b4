/** The policies that a process knows: those that come with Ringfence, and its own. */
import au from './data/au.json' with { type: 'json' };
import caUtr from './data/ca-utr.json' with { type: 'json' };
import fr from './data/fr.json' with { type: 'json' };
import usFl from './data/us-fl.json' with { type: 'json' };
import usRegF from './data/us-reg-f.json' with { type: 'json' };
import usTcpa from './data/us-tcpa.json' with { type: 'json' };
import { RingfenceError } from '../../engine/errors.ts';
import { type Policy, readPolicies } from './policy.ts';

export const BUILT_IN: readonly Policy[] = readPolicies([usTcpa, usFl, usRegF, caUtr, fr, au]);

let ofProcess: readonly Policy[] = [];

/** Own policies of this process, from its file. A main calls it once, before anything asks for a policy. */
export function useOwnPolicies(own: readonly Policy[]): void {
  ofProcess = own;
}

export function knownPolicies(own: readonly Policy[] = ofProcess): readonly Policy[] {
  return [...own, ...BUILT_IN];
}

/**
 * The policies with these names: own ones, then those of Ringfence.
 *
 * @throws RingfenceError `validation_error` for a name that none has
 */
export function policiesNamed(names: readonly string[], own: readonly Policy[] = ofProcess): Policy[] {
  const known = knownPolicies(own);
  return names.map((name) => {
    const policy = known.find((one) => one.name === name);
    if (policy) return policy;
    const all = [...new Set(known.map((one) => one.name))].join(', ');
    throw new RingfenceError('validation_error', `policy must be one of ${all}`, { field: 'policy' });
  });
}
