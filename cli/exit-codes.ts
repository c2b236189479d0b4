import { ERROR_CODES, type ErrorCode } from '../domain/engine/error-codes.ts';
import type { RingfenceError } from '../domain/engine/errors.ts';

/** The exit codes of the command line. */
export const EXIT = {
  done: 0,
  unexpected: 1,
  refused: 2,
  notFound: 3,
  wrongState: 4,
  unreachable: 5,
  notCompleted: 6,
  trouble: 7,
  interrupted: 8,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For docs/cli.md. */
export const EXIT_MEANING: Readonly<Record<ExitCode, string>> = {
  [EXIT.done]: 'success',
  [EXIT.unexpected]: 'unexpected failure',
  [EXIT.refused]: 'refused, with the reason',
  [EXIT.notFound]: 'not found',
  [EXIT.wrongState]: 'not possible in the present status of the campaign or the contact',
  [EXIT.unreachable]: 'no answer, or too busy: try again',
  [EXIT.notCompleted]: 'the watched campaign has ended without completing',
  [EXIT.trouble]: '`doctor` has found a problem',
  [EXIT.interrupted]: 'the watched campaign is interrupted until it is restarted',
};

/** Ends the command line with this code after a command has printed its answer. */
export class Finished extends Error {
  constructor(readonly exitCode: ExitCode) {
    super(`finished with exit code ${exitCode}`);
  }
}

const OWN_EXIT: Partial<Record<ErrorCode, ExitCode>> = {
  not_found: EXIT.notFound,
  wrong_state: EXIT.wrongState,
  campaign_over: EXIT.wrongState,
  contact_in_call: EXIT.wrongState,
  contact_over: EXIT.wrongState,
  conflict: EXIT.wrongState,
  internal: EXIT.unexpected,
};

/** A newer gateway may know more codes than this program: they count as refusals. */
export function exitCodeOf({ code }: Pick<RingfenceError, 'code'>): ExitCode {
  const terms = code in ERROR_CODES ? ERROR_CODES[code] : null;
  return OWN_EXIT[code] ?? (terms?.repeat === 'later' ? EXIT.unreachable : EXIT.refused);
}
