import { COUNTED_AT_MOST } from '../../db/page.ts';
import { ERROR_CODES, type Repeat } from '../../domain/engine/error-codes.ts';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { KEY_LIMITS } from '../../gateway/http/idempotent-writes.ts';
import { MOST_LEFT_OUT } from '../../gateway/http/page.ts';
import { commands, json } from './curl.ts';
import { Description, type Operation, type Schema } from './description.ts';
import { markdownTable } from '../markdown-table.ts';
import { inputTable, outputTable, parameterTable } from './tables.ts';

/** The description of the API as a page of Markdown. */
export function apiPage(description: unknown): string {
  const { paths, tags, components } = Description.parse(description);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([verb, operation]) => ({ path, method: verb.toUpperCase(), operation })),
  );
  const answers = new Map<string, string>();
  const sections = tags.flatMap(({ name, description }) => [
    `## ${name[0]?.toUpperCase()}${name.slice(1)}`,
    description,
    ...operations
      .filter(({ operation }) => operation.tags.includes(name))
      .flatMap(({ path, method, operation }) => operationText(method, path, operation, answers)),
  ]);
  const refusals = refusalText(
    components.responses,
    operations.map(({ operation }) => operation),
  );
  return [INTRODUCTION, REPEATS, LISTS, ...sections, ...refusals].join('\n\n') + '\n';
}

const INTRODUCTION = `# HTTP API

<!-- Written by scripts/write-api-docs.ts from what the gateway serves at /openapi.json: change the schemas and gateway/openapi, not this page. -->

The paths of campaigns and contacts are under \`${API_ROOT}\` and require \`Authorization: Bearer KEY\`. A key with the scope
\`read\` can only send GET requests. Bodies are JSON unless stated otherwise. Unknown fields are refused by name. Times are ISO 8601. Every
response has \`meta\` (\`request_id\`, \`ts\`), and lists have \`pagination\` beside \`data\`: see [lists](#lists). All [errors](#errors) have one
form. The examples take the API's root from \`RINGFENCE_API_URL\` and the key from \`RINGFENCE_API_KEY\`. A test sends each of them to a
gateway.`;

const REPEATS = `## Repeats

A response can get lost. Every request that changes something therefore takes the header \`X-Idempotency-Key\`, 1 to 255 printable ASCII
characters that you choose, and can be repeated with it until a response arrives. The key belongs to one request of the account.

- **A repeat changes nothing and gets the first response**, with the header \`Idempotency-Replayed: true\` and its own \`meta\`. This also
  holds after the campaign has moved on: a repeated pause names the calls that the first response named.
- The same request has the same method, path, query and JSON, in any order of its fields, and for an import the same file. Another
  request with the key is refused with 422 \`idempotency_mismatch\`.
- While the first request is being executed, a repeat waits for its response. After ${KEY_LIMITS.waitMs / 1_000} seconds it gets 409 \`request_in_progress\` with
  \`Retry-After\`. If the gateway that executes a request dies, a repeat takes the request over within ${KEY_LIMITS.leaseMs / 1_000} seconds, and nothing is done
  twice.
- Responses are kept for at least 24 hours, a 202 like any other: read the campaign to see whether the command is executed. The key of a request that created a campaign is kept for ever.
- Not kept are 408, 429, 5xx and every response with \`Retry-After\`: a repeat executes the request again. Neither is a request that is
  refused before it is executed (its key, its form), nor an import whose file was not read to its end: a repeat is checked again.
- A request that was refused with 422 has changed nothing. Its key may be used for the corrected request.`;

const LISTS = `## Lists

\`pagination\` has \`total\`, \`total_is_exact\`, \`limit\`, \`offset\`, \`has_more\` and \`next_cursor\`.

- **Use \`cursor\` to read a whole list**: send each page's \`next_cursor\` as the \`cursor\` of the next request, with the same path and
  filters, until it is null. A page costs the same everywhere in the list. Each item that is in the list from the first page to the last
  appears exactly once, whatever is added or removed meanwhile. Items added meanwhile may appear or not. The same applies to
  filters: an item that starts or stops matching counts as added or removed.
- A cursor does not expire, and its content has no meaning for clients. A cursor of another list, with other filters, or with changes is
  refused with 422 and \`details.field\` \`cursor\`.
- \`offset\` skips up to ${MOST_LEFT_OUT.toLocaleString('en-US')} items; more are refused. Every response also has a \`next_cursor\`.
- \`total\` is exact for contacts in folders and in campaigns, which have counters. Campaigns, folders, suppressions and
  events of a call are counted up to ${COUNTED_AT_MOST.toLocaleString('en-US')}. \`total_is_exact\` is false if there are more, and for the contacts of an account with more
  folders than that. With \`cursor\`, such a \`total\` is that of the first page.`;

function operationText(method: string, path: string, operation: Operation, answers: Map<string, string>): string[] {
  const { summary, description, parameters, requestBody, responses } = operation;
  const title = `${method} ${path.replace(API_ROOT, '')}`;
  const text = [`### ${title}`, `${summary}. ${description}`];
  if (parameters.length > 0) text.push(parameterTable(parameters));
  for (const [type, { schema }] of Object.entries(requestBody?.content ?? {})) {
    if (schema?.properties) text.push(`Body (\`${type}\`):`, inputTable(schema));
    else if (schema) text.push(`Body (\`${type}\`): ${schema.description ?? ''}`);
  }
  for (const { summary, text: command } of commands(method, path, operation)) {
    if (summary !== '') text.push(`${summary}:`);
    text.push(fenced('sh', command));
  }
  for (const [status, { content }] of Object.entries(responses)) {
    const media = content?.['application/json'];
    const data = media?.schema?.properties?.data;
    if (data) text.push(...answerText(title, status, data, media.examples?.answer?.value, answers));
  }
  const refused = Object.entries(responses).filter(([status]) => !status.startsWith('2'));
  const named = refused.map(([status, { description }]) => (description ? `${status} (${description})` : status));
  if (named.length > 0) text.push(`Errors: ${named.join(', ')}.`);
  return text;
}

/** Describes a response where it first appears. */
function answerText(
  title: string,
  status: string,
  data: Schema,
  example: unknown,
  answers: Map<string, string>,
): string[] {
  const item = data.items ?? data;
  const what = data.items ? `a list in \`data\`. Each item has` : '`data` has';
  const key = JSON.stringify(item.properties);
  const first = answers.get(key);
  if (first !== undefined) return [`Returns ${status}: ${what} the fields of ${first}.`];
  answers.set(key, `\`${title}\` (${status})`);
  const shown = example === undefined ? [] : [fenced('json', json(example))];
  return [`Returns ${status}: ${what}`, outputTable(item), ...shown];
}

type Refusals = ReturnType<typeof Description.parse>['components']['responses'];

function refusalText(refusals: Refusals, operations: readonly Operation[]): string[] {
  const used = operations.flatMap(({ responses }) => Object.entries(responses));
  const rows = Object.entries(refusals).map(([name, { description, headers, content }]) => {
    const [status = ''] = used.find(([, { $ref }]) => $ref?.endsWith(`/${name}`)) ?? [];
    const { code, message } = content['application/json'].example.error;
    const told = Object.keys(headers).map((header) => `\`${header}\``);
    return [status, description, told.join(', '), `\`${code}\`: ${message}`];
  });
  const codes = Object.entries(ERROR_CODES).map(([code, { status, meaning, repeat, field }]) => [
    `\`${code}\``,
    status === null ? 'none' : String(status),
    meaning,
    REPEAT[repeat],
    FIELD[field],
  ]);
  return [
    '## Errors',
    REFUSED,
    markdownTable(['Status', 'When', 'Headers', 'For example'], rows),
    '### Error codes',
    CODES,
    markdownTable(['Code', 'Status', 'Meaning', 'Repeat', '`field`'], codes),
  ];
}

const CODES = `Every code that the gateway, the client and the command line give. A code without a status is given by the
client and the command line alone. *Repeat* says whether the same request can succeed later. A write is safe to repeat with the same
\`X-Idempotency-Key\`: see [repeats](#repeats).`;

const REPEAT: Readonly<Record<Repeat, string>> = {
  never: 'no',
  after_change: 'after a change',
  later: 'yes, after `Retry-After` or a moment',
};
const FIELD = { always: 'yes', sometimes: 'where one input is at fault', never: 'no' } as const;

const REFUSED = `An error is \`{"error": {"code", "message", "details"}, "meta"}\` with a 4xx or 5xx status. The code is stable, and the
message says what is valid. \`details.field\` names the invalid input: a field of the body (\`contacts[3].phone_number\`), a parameter of the
path or the query, a header, \`body\` for the whole body, \`file\` for a contact file, \`path\` for an address that does not exist.`;

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}
