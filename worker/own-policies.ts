/** Own calling policies: from the YAML or JSON file that `RINGFENCE_POLICIES` names, or from the program that embeds Ringfence. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { RingfenceError } from '../domain/engine/errors.ts';
import { useOwnPolicies } from '../domain/windows/policies/built-in.ts';
import { type PolicyInput, readPolicies } from '../domain/windows/policies/policy.ts';

const VARIABLE = 'RINGFENCE_POLICIES';

/**
 * Makes the policies of the file known to this process. Without the variable, the policies of Ringfence are known alone.
 *
 * @throws RingfenceError `misconfigured`
 */
export function loadOwnPolicies(env: Readonly<Record<string, string | undefined>>): void {
  const file = env[VARIABLE];
  if (!file) return;
  try {
    useOwnPolicies(readPolicies(parse(readFileSync(file, 'utf8'))));
  } catch (error) {
    const message = `The policies file ${file} cannot be used (${reasonOf(error)}): correct it, or ${VARIABLE}.`;
    throw new RingfenceError('misconfigured', message, { field: VARIABLE, cause: error });
  }
}

/**
 * Makes the policies of an option known to this process, in place of those that it had.
 *
 * @param stated undefined: those that it has stay
 * @throws RingfenceError `misconfigured`
 */
export function takeOwnPolicies(stated: readonly PolicyInput[] | undefined): void {
  if (stated === undefined) return;
  try {
    useOwnPolicies(stated.length === 0 ? [] : readPolicies(stated));
  } catch (error) {
    const message = `The option policies cannot be used (${reasonOf(error)}): correct it.`;
    throw new RingfenceError('misconfigured', message, { field: 'policies', cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof RingfenceError) return error.message;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? code : 'it holds neither YAML nor JSON';
}
