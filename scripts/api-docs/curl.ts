/** Examples of requests as commands that can be copied. */
import { API_ROOT } from '../../domain/api/api-root.ts';
import type { Operation } from './description.ts';

const FILE = 'contacts.csv';

export interface Command {
  /** What it is an example of, where there are several. */
  readonly summary: string;
  readonly text: string;
}

/** One command for each example of the body, or one for an operation without a body. None for what has no key. */
export function commands(method: string, path: string, operation: Operation): Command[] {
  if (!path.startsWith(API_ROOT)) return [];
  const bodies = Object.entries(operation.requestBody?.content ?? {}).flatMap(([type, { examples = {} }]) =>
    Object.values(examples).map(({ summary, value }) => ({ summary, body: bodyArguments(type, value) })),
  );
  const all = bodies.length > 0 ? bodies : [{ summary: '', body: [] }];
  return all.map(({ summary = '', body }, index) => ({
    summary: all.length > 1 ? summary : '',
    text: command(method, path, operation, body, index === 0),
  }));
}

function command(
  method: string,
  path: string,
  { parameters }: Operation,
  body: readonly string[],
  isFirst: boolean,
): string {
  const filled = path
    .replace(API_ROOT, '')
    .replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(String(parameters.find((parameter) => parameter.name === name)?.example)),
    );
  const given = parameters.filter(({ example }) => example !== undefined);
  // A form brings its options itself.
  const isForm = body.some((argument) => argument.startsWith('-F'));
  const query = given.filter(({ in: place }) => place === 'query' && !isForm);
  const search = new URLSearchParams(query.map(({ name, example }): [string, string] => [name, String(example)]));
  const headers = given.filter(({ in: place }) => place === 'header' && isFirst);
  const verb = method === 'GET' ? '' : ` -X ${method}`;
  return [
    `curl -s${verb} "$RINGFENCE_API_URL${filled}${query.length > 0 ? `?${search.toString()}` : ''}"`,
    `-H "Authorization: Bearer $RINGFENCE_API_KEY"`,
    ...headers.map(({ name, example }) => `-H ${quoted(`${name}: ${example}`)}`),
    ...body,
  ].join(' \\\n  ');
}

function bodyArguments(type: string, value: unknown): string[] {
  if (type === 'multipart/form-data') {
    return Object.entries(value as Record<string, string>).map(([name, text]) =>
      name === 'file' ? `-F file=@${FILE}` : `-F ${name}=${text}`,
    );
  }
  const header = `-H "Content-Type: ${type}"`;
  if (typeof value === 'string') return [header, `--data-binary @${FILE}`];
  return [header, `-d ${quoted(json(value))}`];
}

/** Lists of plain values stand in one line. */
export function json(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(
    /\[\s+([^[\]{}]*?)\s+\]/g,
    (_, items: string) => `[${items.replaceAll(/\s*\n\s*/g, ' ')}]`,
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
