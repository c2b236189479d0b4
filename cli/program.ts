import { Command, Help } from 'commander';
import type { Env } from './env.ts';
import { examples } from './help.ts';
import { readOwnPackage } from './own-package.ts';
import { plain } from './terminal.ts';

interface Entry {
  readonly description: string;
  /** Loads the command with its options and subcommands. */
  readonly load: (env: Env) => Promise<Command>;
}

const COMMANDS: Readonly<Record<string, Entry>> = {
  campaigns: {
    description: 'Create, inspect and control campaigns.',
    load: async () => (await import('./campaigns.ts')).campaignsCommand(),
  },
  contacts: {
    description: 'Check and import contact files; suppress numbers.',
    load: async (env) => (await import('./contacts.ts')).contactsCommand(env),
  },
  connections: {
    description: 'List and check connections to carriers; preview requests; verify webhooks.',
    load: async (env) => (await import('./connections.ts')).connectionsCommand(env),
  },
  stop: {
    description: 'Stop all calls, or those of an account or a connection.',
    load: async (env) => (await import('./stop.ts')).stopCommand(env),
  },
  start: {
    description: 'End a stop.',
    load: async (env) => (await import('./stop.ts')).startCommand(env),
  },
  windows: {
    description: 'Print the next calling windows of a schedule.',
    load: async (env) => (await import('./windows.ts')).windowsCommand(env),
  },
  keys: {
    description: 'Create, list and revoke API keys.',
    load: async (env) => (await import('./keys.ts')).keysCommand(env),
  },
  accounts: {
    description: 'Set, list and show the limits of accounts.',
    load: async (env) => (await import('./accounts.ts')).accountsCommand(env),
  },
  doctor: {
    description: 'Check that every part works, and report what to do.',
    load: async (env) => (await import('./doctor.ts')).doctorCommand(env),
  },
};

/**
 * The command line. Of its commands only those that `asked` contains are loaded; the others are known by name and
 * description, which is all that the help of the whole prints.
 */
export async function program(env: Env, asked: readonly string[]): Promise<Command> {
  const program: Command = new Command('ringfence')
    .description('The command line of Ringfence.')
    .usage('COMMAND [options]')
    .version(readOwnPackage().version, '--version', 'print the version')
    .showHelpAfterError('(add --help for the options and examples)')
    .addHelpText('after', examples('campaigns list', 'campaigns --help', 'campaigns pause --help'))
    .configureHelp({ subcommandTerm: (command): string => subcommandTerm(command, program) })
    .configureOutput({ writeErr: (text) => void process.stderr.write(text.split('\n').map(plain).join('\n')) })
    .exitOverride();
  for (const [name, { description, load }] of Object.entries(COMMANDS)) {
    const command = asked.includes(name) ? await load(env) : new Command(name);
    program.addCommand(command.description(description));
  }
  inheritSettings(program);
  return program;
}

/** The command line with every command loaded. */
export function wholeProgram(env: Env): Promise<Command> {
  return program(env, Object.keys(COMMANDS));
}

function subcommandTerm(command: Command, program: Command): string {
  return command.parent === program ? command.name() : new Help().subcommandTerm(command);
}

/** Commands are made apart from the program, so Commander has not handed its settings down to them. */
function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inheritSettings(command);
  }
}
