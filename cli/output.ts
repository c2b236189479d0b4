/** An instant (epoch milliseconds) in UTC as the tool prints it: without milliseconds where they are zero. */
export function utcText(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

/** Rows under a heading, in columns, for people: a line each. Machines are given JSON. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** One thing's facts, a line for each, with the values under one another. */
export function lines(facts: readonly (readonly [name: string, value: string])[]): string[] {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}
