import { parse } from 'yaml';
import { counted } from '../domain/engine/counted.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import type { LimitedSchedule } from '../domain/windows/common-windows.ts';
import { policiesNamed } from '../domain/windows/policies/built-in.ts';
import { appliesTo, narrowed, type Place } from '../domain/windows/policies/narrow.ts';
import { type Policy, readPolicies } from '../domain/windows/policies/policy.ts';
import type { Schedule } from '../domain/windows/schedule.ts';
import { loadOwnPolicies } from '../worker/own-policies.ts';
import type { Env } from './env.ts';
import { readText } from './source.ts';

/**
 * The policies that the options name: those of the list or, without one, all of the file. Without a file, the own policies of the
 * environment are known.
 *
 * @param place null: it is not known where the called person is, and every policy applies
 * @throws RingfenceError `validation_error`
 */
export async function readNarrowingPolicies(
  names: readonly string[],
  file: string | undefined,
  place: Place | null,
  env: Env,
) {
  if (file === undefined) loadOwnPolicies(env);
  const own = file === undefined ? undefined : readPolicyFile(await readText(file, '--policy-file'));
  const policies = names.length === 0 ? (own ?? []) : named(names, own);
  return {
    schedules: (schedule: Schedule): LimitedSchedule[] => narrowed(schedule, policies, place),
    text: policies.map((policy) => policyText(policy, place)),
  };
}

function named(names: readonly string[], own: readonly Policy[] | undefined): Policy[] {
  try {
    return policiesNamed(names, own);
  } catch (error) {
    throw error instanceof RingfenceError
      ? inOption(error, error.message.replace('policy', '--policy'), '--policy')
      : error;
  }
}

function readPolicyFile(text: string): Policy[] {
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw new RingfenceError('validation_error', '--policy-file holds neither YAML nor JSON', {
      field: '--policy-file',
      cause: error,
    });
  }
  try {
    return readPolicies(content);
  } catch (error) {
    throw error instanceof RingfenceError ? inOption(error, `--policy-file: ${error.message}`, '--policy-file') : error;
  }
}

function inOption(error: RingfenceError, message: string, field: string): RingfenceError {
  return new RingfenceError(error.code, message, { field, cause: error });
}

function policyText(policy: Policy, place: Place | null): string {
  const { name, version, title, frequency, after_conversation_hours: pause } = policy;
  const head = `Policy ${name}, version ${version}: ${title}`;
  if (!appliesTo(policy, place)) return `${head}; does not apply to this number`;
  const limits = [
    ...frequency.map(({ max, hours }) => `${counted(max, 'call')} in ${counted(hours, 'hour')}`),
    ...(pause === null ? [] : [`none for ${counted(pause, 'hour')} after a conversation`]),
  ];
  return limits.length === 0 ? head : `${head}; at most ${limits.join(', ')}, which windows do not show`;
}
