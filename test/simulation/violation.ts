export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';

  constructor(
    readonly promise: string,
    detail: string,
  ) {
    super(`${promise}: ${detail}`);
  }
}

export function check(promise: string, now: number, holds: boolean, detail: () => string): void {
  if (!holds) throw new InvariantViolation(promise, `${iso(now)} ${detail()}`);
}

export function iso(at: number | null): string {
  return at === null ? 'never' : new Date(at).toISOString();
}
