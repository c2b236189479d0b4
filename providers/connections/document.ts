/** The text of a connections file as plain data, with the line of each of its values. */
import { isUtf8 } from 'node:buffer';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';

export type Path = readonly (string | number)[];

export interface SyntaxProblem {
  readonly line: number;
  readonly message: string;
}

export interface ReadDocument {
  readonly value: unknown;
  /** The line of a value, counted from 1. Of a value that is missing: the line of what should contain it. */
  readonly lineOf: (path: Path) => number;
}

/** In our words: those of the parser may quote a piece of the file, and with it a secret. */
const SYNTAX: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'the same field stands twice: remove one',
  TAB_AS_INDENT: 'a line is indented with a tab: use spaces',
  BAD_INDENT:
    'the indentation does not fit, or a bracket is not closed: fields of one connection stand below one another',
  BLOCK_AS_IMPLICIT_KEY: 'a value contains a colon and a space: put it in quotes, or remove the space',
  BLOCK_IN_FLOW: 'a comma is missing',
  BAD_SCALAR_START: 'a value begins with @, ` or %: put it in quotes',
  BAD_DQ_ESCAPE: 'a value in double quotes contains a backslash: put it in single quotes',
  MULTILINE_IMPLICIT_KEY: 'a colon is missing after a field',
  MISSING_CHAR: 'a quote, comma, bracket or colon is missing',
  MULTIPLE_DOCS: 'the file contains several documents: keep one',
};

/** Reads YAML, and with it JSON. A merge key (`<<: *name`) adds the fields of another connection. */
export function readDocument(bytes: Buffer): ReadDocument | readonly SyntaxProblem[] {
  if (!isUtf8(bytes)) return [{ line: 1, message: 'the file is not UTF-8: save it as UTF-8' }];
  const lines = new LineCounter();
  const document = parseDocument(bytes.toString('utf8'), { lineCounter: lines, prettyErrors: false, merge: true });
  const problems = document.errors.map(({ code, pos: [at] }) => ({
    line: lines.linePos(at).line,
    message: SYNTAX[code] ?? `it is neither YAML nor JSON (${code}): correct what stands here`,
  }));
  if (problems.length > 0) return problems;
  try {
    return { value: document.toJS(), lineOf: (path) => lineOf(document, lines, path) };
  } catch {
    // Aliases that repeat themselves without end, or name nothing.
    const message = 'its aliases (*name) cannot be resolved: write the values out';
    return [{ line: lineOfDeadAlias(document, lines), message }];
  }
}

/** The first alias that names nothing. Without one it is the file as a whole that has no end. */
function lineOfDeadAlias(document: Document, lines: LineCounter): number {
  let line = 1;
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document)) return undefined;
      line = startOf(alias, lines) ?? line;
      return visit.BREAK;
    },
  });
  return line;
}

function lineOf(document: Document, lines: LineCounter, path: Path): number {
  let line = 1;
  let node: Node | null = document.contents;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document) ?? null;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined) return line;
      line = startOf(pair.key, lines) ?? line;
      node = pair.value as Node | null;
    } else if (isSeq(node)) {
      node = (node.items[Number(step)] ?? null) as Node | null;
      line = startOf(node, lines) ?? line;
    } else return line;
  }
  return line;
}

function startOf(node: unknown, lines: LineCounter): number | null {
  const start = (node as Node | null)?.range?.[0];
  return start === undefined ? null : lines.linePos(start).line;
}
