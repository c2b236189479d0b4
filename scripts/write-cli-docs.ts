/**
 * The help of every command of the operators' tool as a page of Markdown:
 * `node --import tsx scripts/write-cli-docs.ts` writes docs/cli.md anew.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { EXIT } from '../cli/exit-codes.ts';
import { program } from '../cli/program.ts';

/** Whatever the terminal of whoever writes the page. */
const WIDTH = 110;

const INTRODUCTION = `# The operators' tool

<!-- Written by scripts/write-cli-docs.ts from the help of the tool: change the commands, not this page. -->

\`npm run -s ringfence -- COMMAND\` in a clone. \`--json\` prints JSON, refusals included; results go to standard output, everything
else to standard error. Progress bars and colours are for terminals only, and \`NO_COLOR\` turns colours off. The exit codes
stand in [operations](operations.md#exit-codes); ${EXIT.done} is success.`;

export function cliPage(): string {
  return `${[INTRODUCTION, ...sections(program(), [])].join('\n\n')}\n`;
}

function sections(parent: Command, path: readonly string[]): string[] {
  return parent.commands.flatMap((command) => {
    const own = [...path, command.name()];
    const heading = `${'#'.repeat(own.length + 1)} ${own.join(' ')}`;
    return [heading, `\`\`\`text\n${helpOf(command)}\n\`\`\``, ...sections(command, own)];
  });
}

/** As `--help` prints it, with what is said after the options. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => (text += part),
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trimEnd();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../docs/cli.md', import.meta.url), cliPage());
}
