/** The known name that a misspelt or shortened one probably means. Null: none is close to it. */
export function closestName(name: string, known: readonly string[]): string | null {
  const [longer, ...more] = known.filter((candidate) => candidate.startsWith(`${name}_`));
  if (longer !== undefined && more.length === 0) return longer;
  let closest: string | null = null;
  // A third of the letters, so that `country` means `countries` and `colour` means nothing.
  let fewest = Math.ceil(name.length / 3) + 1;
  for (const candidate of known) {
    const edits = editsBetween(name.toLowerCase(), candidate);
    if (edits < fewest) [closest, fewest] = [candidate, edits];
  }
  return closest;
}

/** Letters to insert, remove or replace until one text is the other: the Levenshtein distance. */
function editsBetween(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 0; row < from.length; row += 1) {
    const line = [row + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = above[column - 1]! + (from[row] === to[column - 1] ? 0 : 1);
      line.push(Math.min(replaced, above[column]! + 1, line[column - 1]! + 1));
    }
    above = line;
  }
  return above[to.length]!;
}
