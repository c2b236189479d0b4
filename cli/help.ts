/** The examples under a command's help, each a command line that can be pasted. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ringfence ${line}`).join('\n')}`;
}
