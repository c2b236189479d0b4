import type { ErrorCode, RingfenceError } from '../../domain/errors.ts';

/** What the exit code of the operators' tool says. */
export const EXIT = {
  done: 0,
  /** Failed in a way that nobody foresaw. */
  unexpected: 1,
  /** The input was refused, for a reason that was named. */
  refused: 2,
  notFound: 3,
  /** Not possible in the campaign's present status. */
  wrongState: 4,
  /** Nobody answered: worth another try. */
  unreachable: 5,
} as const;

const EXIT_OF: Partial<Record<ErrorCode, number>> = {
  not_found: EXIT.notFound,
  wrong_state: EXIT.wrongState,
  conflict: EXIT.wrongState,
  api_unreachable: EXIT.unreachable,
  temporal_unavailable: EXIT.unreachable,
  database_unavailable: EXIT.unreachable,
  rate_limit_exceeded: EXIT.unreachable,
  internal: EXIT.unexpected,
};

export function exitCodeOf({ code }: RingfenceError): number {
  return EXIT_OF[code] ?? EXIT.refused;
}
