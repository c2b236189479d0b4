import { Command } from 'commander';
import { campaignsCommand } from './campaigns.ts';
import { contactsCommand } from './contacts.ts';
import { doctorCommand } from './doctor.ts';
import { examples } from './help.ts';
import { keysCommand } from './keys.ts';
import { plain } from './terminal.ts';
import { windowsCommand } from './windows.ts';

/**
 * All commands of the command line. Each has its own file, and loads heavy modules (Temporal, the
 * database) only when it acts, so that help and the commands that need neither start at once.
 */
export function program(): Command {
  const program = new Command('ringfence')
    .description('The command line of Ringfence.')
    .usage('COMMAND [options]')
    .showHelpAfterError('(add --help for the options and examples)')
    .addHelpText('after', examples('campaigns list', 'campaigns --help', 'campaigns pause --help'))
    .configureOutput({ writeErr: (text) => void process.stderr.write(text.split('\n').map(plain).join('\n')) })
    .exitOverride();
  for (const command of [campaignsCommand(), contactsCommand(), windowsCommand(), keysCommand(), doctorCommand()])
    program.addCommand(command);
  inheritSettings(program);
  return program;
}

/** Commands are made apart from the program, so Commander has not handed its settings down to them. */
function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inheritSettings(command);
  }
}
