import type { Binary } from './binary.ts';

export interface Obtained {
  readonly path: string;
  /** Where it came from, in words for people. */
  readonly source: string;
}

/** One way to come by an executable. */
export interface Way {
  readonly name: string;
  /** Nobody falls back from what a user asked for by name: a failure here ends the search. */
  readonly chosen?: boolean;
  /** Resolves to the executable, or to null where this way was not asked for; rejects with the reason it failed. */
  find(): Promise<Obtained | null>;
}

/** Tries the ways in order and returns the first result. When none has one, the error lists each with its reason. */
export async function obtain(binary: Binary, ways: readonly Way[]): Promise<Obtained> {
  const failures: string[] = [];
  for (const way of ways) {
    try {
      const found = await way.find();
      if (found) return found;
    } catch (error) {
      const reason = `${way.name}: ${reasonOf(error)}`;
      if (way.chosen) throw new Error(reason, { cause: error });
      failures.push(reason);
    }
  }
  throw new Error(
    [
      `${binary.title} ${binary.version} could not be obtained. Tried:`,
      ...failures.map((failure) => `  - ${failure}`),
      `Install it yourself and name the file in ${binary.variable}, or put "${binary.name}" on PATH, or open the way to one of the hosts above.`,
    ].join('\n'),
  );
}

/** The message on one line; for a failed fetch its cause, which holds all that matters. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = error.message.trim().split('\n').slice(-3).join(' ');
  return error.message === 'fetch failed' ? reasonOf(error.cause) : text;
}
