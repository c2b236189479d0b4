import type { ErrorCode, RingfenceError } from '../domain/engine/errors.ts';

/** What the exit code of the command line says. */
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
  /** The campaign that was watched has ended, but not completed. */
  notCompleted: 6,
  /** The doctor has found trouble. */
  trouble: 7,
  /** The campaign that was watched is interrupted: it does not go on until it is restarted. */
  interrupted: 8,
} as const;
type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the tool with this code after a command has printed its answer. */
export class Finished extends Error {
  constructor(readonly exitCode: ExitCode) {
    super(`finished with exit code ${exitCode}`);
  }
}

const EXIT_OF: Partial<Record<ErrorCode, ExitCode>> = {
  not_found: EXIT.notFound,
  wrong_state: EXIT.wrongState,
  conflict: EXIT.wrongState,
  api_unreachable: EXIT.unreachable,
  temporal_unavailable: EXIT.unreachable,
  database_unavailable: EXIT.unreachable,
  rate_limit_exceeded: EXIT.unreachable,
  internal: EXIT.unexpected,
};

export function exitCodeOf({ code }: RingfenceError): ExitCode {
  return EXIT_OF[code] ?? EXIT.refused;
}
