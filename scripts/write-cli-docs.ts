/**
 * The help of every command as a page of Markdown:
 * `node --import tsx scripts/write-cli-docs.ts` writes docs/cli.md.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { EXIT, EXIT_MEANING, exitCodeOf } from '../cli/exit-codes.ts';
import { ERROR_CODES, type ErrorCode } from '../domain/engine/error-codes.ts';
import { wholeProgram } from '../cli/program.ts';
import { markdownTable } from './markdown-table.ts';

/** The width of the page, independent of the terminal. */
const WIDTH = 110;

const INTRODUCTION = `# Command line

<!-- Written by scripts/write-cli-docs.ts from the help of the command line: change the commands, not this page. -->

The package installs the command \`ringfence\`; in a clone it is \`npm run -s ringfence -- COMMAND\`. \`--json\` prints
JSON, including errors. Results go to standard output, everything else to standard error. Progress bars and colours appear only on
terminals; \`NO_COLOR\` turns colours off. Exit code ${EXIT.done} is success; the others are [below](#exit-codes).`;

const EXIT_CODES = `## Exit codes

With \`--json\` an error is printed as JSON. Its code is one of the [error codes](api.md#error-codes) of the API.

${exitTable()}`;

function exitTable(): string {
  const codes = Object.keys(ERROR_CODES) as ErrorCode[];
  const rows = Object.values(EXIT).map((exit) => {
    const errors = codes.filter((code) => exitCodeOf({ code }) === exit);
    return [String(exit), EXIT_MEANING[exit], errors.map((code) => `\`${code}\``).join(', ')];
  });
  return markdownTable(['Exit code', 'Meaning', 'Error codes'], rows);
}

export async function cliPage(): Promise<string> {
  return `${[INTRODUCTION, ...sections(await wholeProgram({}), []), EXIT_CODES].join('\n\n')}\n`;
}

function sections(parent: Command, path: readonly string[]): string[] {
  return parent.commands.flatMap((command) => {
    const own = [...path, command.name()];
    const heading = `${'#'.repeat(own.length + 1)} ${own.join(' ')}`;
    return [heading, `\`\`\`text\n${helpOf(command)}\n\`\`\``, ...sections(command, own)];
  });
}

/** The output of `--help`, including the text after the options. */
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
  writeFileSync(new URL('../docs/cli.md', import.meta.url), await cliPage());
}
