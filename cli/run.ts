import { CommanderError } from 'commander';
import { RingfenceError } from '../domain/engine/errors.ts';
import { coloursFor } from './colours.ts';
import { EXIT, exitCodeOf, Finished } from './exit-codes.ts';
import type { Env } from './env.ts';
import { program } from './program.ts';
import { printError } from './terminal.ts';

/**
 * Runs the command line with the arguments that follow its name, and answers with the exit code. Results go to
 * standard output; what went wrong goes to standard error, with the option at fault and the way out.
 */
export async function run(args: readonly string[], env: Env): Promise<number> {
  try {
    // `ringfence help campaigns` asks for the second word.
    const asked = await program(env, args.slice(0, 2));
    await asked.parseAsync(args, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    // Commander has printed its own message by now. It ends in this way after help as well, then with code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.refused;
    if (error instanceof Finished) return error.exitCode;
    const { red } = coloursFor(process.stderr, env);
    if (error instanceof RingfenceError) {
      printError(red('error:'), error.message);
      return exitCodeOf(error);
    }
    printError(red('unexpected error:'), error);
    return EXIT.unexpected;
  }
}
