/** Settings in environment variables: which of them are set, and what is wrong with them in words. */
import type { z } from 'zod';
import type { Env } from './connections/references.ts';

export type SetVariables = Readonly<Record<string, string>>;

/** The variables that are set. An empty one is not, nor one of blanks: as a number it would be 0. */
export function setVariables(env: Env): SetVariables {
  const isSet = (entry: [string, string | undefined]): entry is [string, string] => !!entry[1]?.trim();
  return Object.fromEntries(Object.entries(env).filter(isSet));
}

export interface Setting {
  /** The variable that holds it. */
  readonly variable: string;
  /** How many of the setting's units are one of the variable's. */
  readonly unit?: number;
}

const variableItself = (variable: string): Setting => ({ variable });

/**
 * What is wrong, one text for each variable and reason. A text never contains a value, which may be a secret.
 * @param settingOf what a field of the schema is among the variables. Default: the variable of its name
 */
export function problemsInWords(error: z.ZodError, set: SetVariables, settingOf = variableItself): string[] {
  const problems = error.issues.map((issue) => {
    // Below the variable there may be an item of a list.
    const { variable, unit = 1 } = settingOf(String(issue.path[0]));
    return set[variable] === undefined ? `${variable} is not set` : `${variable}: ${inWords(issue, unit)}`;
  });
  return [...new Set(problems)];
}

function inWords(issue: z.core.$ZodIssue, unit: number): string {
  // What our schemas say is in words already.
  if (!/^(?:Invalid|Too) /.test(issue.message)) return issue.message;
  if (issue.code === 'invalid_type')
    return issue.expected === 'int' ? 'must be a whole number' : `must be a ${issue.expected}`;
  if (issue.code === 'too_small')
    return `must be ${issue.inclusive === false ? 'above' : 'at least'} ${Number(issue.minimum) / unit}`;
  if (issue.code === 'too_big')
    return `must be at most ${Number(issue.maximum) / unit}${issue.origin === 'string' ? ' characters' : ''}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`;
  return issue.message;
}
