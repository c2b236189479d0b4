/** References to secrets: `env:NAME` names a variable of the environment, `file:PATH` a file that contains nothing else. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export type Env = Readonly<Record<string, string | undefined>>;

export interface ReferenceContext {
  readonly env: Env;
  /** The folder of the connections file, from which relative paths start. */
  readonly folder: string;
}

/** `shown` is the reference as it may be shown. */
export type Resolved = { readonly value: string } | { readonly missing: string; readonly shown: string };

const REFERENCE = /^(?<kind>env|file):(?<name>.*)$/s;

export function isReference(value: unknown): value is string {
  return typeof value === 'string' && REFERENCE.test(value);
}

/** The secret that a reference names, or what to do so that it names one. */
export function resolveReference(reference: string, { env, folder }: ReferenceContext): Resolved {
  const { kind, name = '' } = REFERENCE.exec(reference)?.groups ?? {};
  if (name === '') return { missing: 'names nothing: write env:NAME or file:PATH', shown: reference };
  if (kind === 'env') {
    // What is not the name of a variable may be the secret itself, so it is not repeated.
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      return { missing: 'must name a variable: env: and letters, digits and underscores', shown: 'env:***' };
    }
    const value = env[name];
    return value ? { value } : { missing: `is ${reference}, and the variable is not set: set it`, shown: reference };
  }
  try {
    const value = readFileSync(resolve(folder, name), 'utf8').replace(/\r?\n$/, '');
    return value === '' ? { missing: `is ${reference}, and the file is empty`, shown: reference } : { value };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    return { missing: `is ${reference}, and the file cannot be read (${code})`, shown: reference };
  }
}
