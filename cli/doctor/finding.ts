/** What the doctor has found out about one thing. */
export interface Finding {
  readonly check: string;
  /** `skipped`: there was nothing to look at, and that is no trouble. */
  readonly state: 'well' | 'trouble' | 'skipped';
  /** In words. */
  readonly found: string;
  /** What to do about trouble. */
  readonly advice?: string;
  /** The same for machines. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

type Facts = Readonly<Record<string, unknown>>;

export function well(check: string, found: string, facts: Facts = {}): Finding {
  return { check, state: 'well', found, facts };
}

export function trouble(check: string, found: string, advice: string, facts: Facts = {}): Finding {
  return { check, state: 'trouble', found, advice, facts };
}

export function skipped(check: string, found: string): Finding {
  return { check, state: 'skipped', found };
}
