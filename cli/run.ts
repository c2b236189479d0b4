import { CommanderError } from 'commander';
import type { ErrorCode } from '../domain/engine/error-codes.ts';
import { RingfenceError } from '../client/errors.ts';
import { coloursFor } from './colours.ts';
import { EXIT, exitCodeOf, Finished } from './exit-codes.ts';
import type { Env } from './env.ts';
import { program } from './program.ts';
import { printError, printJson } from './terminal.ts';

/**
 * Runs the command line with the arguments that follow its name, and answers with the exit code. Results go to
 * standard output; what went wrong goes to standard error, with the option at fault and the way out. With --json an error
 * is also printed as JSON to standard output.
 */
export async function run(args: readonly string[], env: Env): Promise<number> {
  try {
    // `ringfence help campaigns` asks for the second word.
    const asked = await program(env, args.slice(0, 2));
    await asked.parseAsync(helpOfSubcommand(args), { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (error instanceof Finished) return error.exitCode;
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    if (asksForJson(args)) printJson({ error: asJson(error) });
    // Commander has printed its own message by now.
    if (error instanceof CommanderError) return EXIT.refused;
    const { red } = coloursFor(process.stderr, env);
    if (error instanceof RingfenceError) {
      printError(red('error:'), error.message + wayOutHere(error));
      return exitCodeOf(error);
    }
    printError(red('unexpected error:'), error);
    return EXIT.unexpected;
  }
}

/** The gateway does not know how this program gets its key. */
function wayOutHere({ code }: RingfenceError): string {
  return code === 'unauthorized' ? ' Check RINGFENCE_API_KEY, or what you pass as --key.' : '';
}

/** `ringfence help campaigns pause`: Commander's own `help` reads one word and would show the help of `campaigns`. */
function helpOfSubcommand(args: readonly string[]): readonly string[] {
  return args[0] === 'help' && args.length > 2 ? [...args.slice(1), '--help'] : args;
}

/** An error may prevent the options from being read. Nothing after `--` is an option. */
function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).includes('--json');
}

function asJson(error: unknown): { code: ErrorCode; message: string; details?: unknown } {
  if (error instanceof RingfenceError) {
    const { code, message, field, status, retryAfter, details } = error;
    return {
      code,
      message,
      details: {
        ...(field === undefined ? {} : { field }),
        ...details,
        ...(status === undefined ? {} : { http_status: status }),
        ...(retryAfter === undefined ? {} : { retry_after_s: retryAfter }),
      },
    };
  }
  if (error instanceof CommanderError) {
    return { code: 'bad_request', message: error.message.replace(/^error: /, '') };
  }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}
