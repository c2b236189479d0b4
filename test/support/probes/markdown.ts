/** What tests of the documents read out of Markdown. */

/** The blocks fenced as this language, in order. */
export function blocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, body]) =>
    name === language ? [body!] : [],
  );
}

/** The targets of links and pictures. */
export function links(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
}

/** The anchors that headings get on the usual hosts. */
export function headings(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, text]) =>
    text!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** What stands under a heading, up to the next one. */
export function section(markdown: string, title: string): string {
  const [, text = ''] = markdown.split(new RegExp(`^#+ ${title.replaceAll(/[()?]/g, String.raw`\$&`)}$`, 'm'));
  return text.split(/^#+ /m)[0] ?? '';
}

/** The cells of all tables, without their heads. */
export function tableRows(markdown: string): string[][] {
  const lines = markdown.split('\n').filter((line) => line.startsWith('|'));
  const rules = new Set(lines.flatMap((line, index) => (/^\|(?: ?-+:? ?\|)+$/.test(line) ? [index - 1, index] : [])));
  return lines.flatMap((line, index) =>
    rules.has(index)
      ? []
      : [
          line
            .slice(1, -1)
            .split(/(?<!\\)\|/)
            .map((cell) => cell.trim()),
        ],
  );
}

/** A cell without the marks of code around it. */
export function unquoted(cell: string): string {
  return cell.replaceAll('`', '');
}
