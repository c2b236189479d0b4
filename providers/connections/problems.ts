/** What zod says about values of the connections file, in words that name the field and never the value. */
import type { z } from 'zod';
import { counted } from '../../domain/engine/counted.ts';
import { closestName } from './closest-name.ts';
import type { Path } from './document.ts';

export interface Problem {
  readonly path: Path;
  readonly message: string;
}

/**
 * @param path where the value stands in the file
 * @param known the fields that it may have, to name the one that a misspelt field means
 */
export function problemsOf(error: z.ZodError, value: unknown, path: Path, known: readonly string[]): Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    const below = belowOf(issue);
    const at = [...path, ...below];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: [...at, key],
        message: notAField(key, below.length === 0 ? known : []),
      }));
    }
    const isMissing = issue.code !== 'custom' && below.length === 1 && isAbsent(value, below[0]!);
    return [{ path: at, message: isMissing ? whatIsMissing(issue.message) : inOurWords(issue) }];
  });
}

/** The path of a problem below the value at fault. */
export function belowOf({ path }: z.core.$ZodIssue): (string | number)[] {
  return path.map((step) => (typeof step === 'symbol' ? String(step) : step));
}

function notAField(key: string, known: readonly string[]): string {
  const meant = closestName(key, known);
  return `is not a known field: ${meant === null ? 'correct its spelling' : `write ${meant}`}, or remove it`;
}

/** Messages of our schemas say what a field must be; those of zod speak of its input. */
function whatIsMissing(message: string): string {
  return message.startsWith('must ') ? `is missing: it ${message}` : 'is missing: add it';
}

function isAbsent(value: unknown, field: string | number): boolean {
  return typeof value === 'object' && value !== null && (value as Record<string, unknown>)[field] === undefined;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text: put a number in quotes',
  number: 'a number, without quotes',
  int: 'a whole number, without quotes',
  boolean: 'true or false',
  array: 'a list',
};

/** The message of a problem. What zod wrote is replaced by words like those of our schemas. */
export function inOurWords(issue: z.core.$ZodIssue): string {
  if (!/^(?:Invalid|Too) /.test(issue.message)) return issue.message;
  if (issue.code === 'invalid_type' && issue.expected in TYPES) return `must be ${TYPES[issue.expected]}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'too_small') {
    return `must ${boundOf(issue.origin, issue.inclusive === false ? 'above' : 'at least', issue.minimum)}`;
  }
  if (issue.code === 'too_big') {
    return `must ${boundOf(issue.origin, issue.inclusive === false ? 'below' : 'at most', issue.maximum)}`;
  }
  return issue.message;
}

function boundOf(origin: string, words: string, bound: number | bigint): string {
  if (origin === 'string') return `have ${words} ${counted(Number(bound), 'character')}`;
  return origin === 'array' ? `have ${words} ${counted(Number(bound), 'item')}` : `be ${words} ${bound}`;
}
