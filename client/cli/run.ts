import { Command, CommanderError } from 'commander';
import { RingfenceError } from '../../domain/errors.ts';
import { campaignsCommand } from './campaigns.ts';
import { contactsCommand } from './contacts.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { windowsCommand } from './windows.ts';

/**
 * Runs the operators' tool with the arguments that follow its name, and answers with the exit code. Results go to
 * standard output; what went wrong goes to standard error, with the option at fault and the way out.
 *
 * Each verb stands in a file of its own. A verb loads what is heavy (Temporal, the database) only when it acts, so that
 * help and the verbs that need neither start at once.
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await program().parseAsync(args, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    // Commander has printed its own message by now. It ends in this way after help as well, then with code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.refused;
    if (error instanceof RingfenceError) {
      console.error(`error: ${error.message}`);
      return exitCodeOf(error);
    }
    console.error('unexpected error:', error);
    return EXIT.unexpected;
  }
}

function program(): Command {
  const program = new Command('ringfence')
    .description("The operators' tool of Ringfence.")
    .usage('VERB [options]')
    .showHelpAfterError('(add --help for the options and examples)')
    .exitOverride();
  for (const verb of [campaignsCommand(), contactsCommand(), windowsCommand()]) program.addCommand(verb);
  inheritSettings(program);
  return program;
}

/** Verbs are made apart from the program, so Commander has not handed its settings down to them. */
function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inheritSettings(command);
  }
}
