/** An instant (epoch milliseconds) in UTC as the tool prints it: without milliseconds where they are zero. */
export function utcText(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

/** Rows under a heading, in columns, for people. Machines are given JSON. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
