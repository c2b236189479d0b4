/**
 * The description of the API (OpenAPI, as the gateway serves it) as a page of Markdown for people:
 * `node --import tsx scripts/write-api-docs.ts` writes docs/api.md anew.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { z } from 'zod';
import { openPool } from '../db/pool.ts';
import { API_ROOT, buildGateway } from '../gateway/app.ts';

const Schema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  format: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  default: z.unknown().optional(),
  description: z.string().optional(),
  required: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  maxLength: z.number().optional(),
  maxItems: z.number().optional(),
  get properties() {
    return z.record(z.string(), Schema).optional();
  },
  get items() {
    return Schema.optional();
  },
  get anyOf() {
    return z.array(Schema).optional();
  },
  get additionalProperties() {
    return z.union([z.boolean(), Schema]).optional();
  },
});
type Schema = z.infer<typeof Schema>;

const Content = z.record(z.string(), z.object({ schema: Schema.optional() }));
const Operation = z.object({
  summary: z.string(),
  description: z.string().optional(),
  tags: z.array(z.string()),
  parameters: z
    .array(z.object({ name: z.string(), in: z.string(), required: z.boolean().optional(), schema: Schema }))
    .default([]),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(z.string(), z.object({ content: Content.optional() })),
});
type Operation = z.infer<typeof Operation>;
const Description = z.object({ paths: z.record(z.string(), z.record(z.string(), Operation)) });

/** Bounds that only say "a number that fits" tell the reader nothing. */
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

/** Asks a gateway that is never started for its own description. */
export async function readDescription(): Promise<unknown> {
  const pool = openPool('postgres://127.0.0.1:1/never-asked', { max: 1 });
  const unused = () => Promise.reject(new Error('a description carries nothing out'));
  const app = await buildGateway({
    pool,
    logger: pino({ level: 'silent' }),
    providers: new Map(),
    campaigns: { pause: unused, resume: unused, cancel: unused, edit: unused },
    startCampaign: unused,
    delivery: { deliver: unused },
    pingTemporal: unused,
    clock: Date.now,
  });
  await app.ready();
  const description = app.swagger();
  await app.close();
  await pool.end();
  return description;
}

export function apiPage(description: unknown): string {
  const { paths } = Description.parse(description);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ title: `${method.toUpperCase()} ${path}`, operation })),
  );
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags))];
  const answers = new Map<string, string>();
  const sections = tags.flatMap((tag) => [
    `## ${tag[0]?.toUpperCase()}${tag.slice(1)}`,
    ...operations
      .filter(({ operation }) => operation.tags.includes(tag))
      .flatMap(({ title, operation }) => operationText(title.replace(API_ROOT, ''), operation, answers)),
  ]);
  return [INTRODUCTION, ...sections].join('\n\n') + '\n';
}

const INTRODUCTION = `# HTTP API

<!-- Written by scripts/write-api-docs.ts from what the gateway serves at /openapi.json: change the schemas, not this page. -->

Paths of campaigns and contacts stand under \`${API_ROOT}\` and take \`Authorization: Bearer KEY\`; a key with the scope
\`read\` may only GET. Bodies are JSON unless said otherwise, and a field that is not listed is refused by name. Every
answer carries \`meta\` (\`request_id\`, \`ts\`), lists carry \`pagination\` (\`total\`, \`limit\`, \`offset\`, \`has_more\`)
beside \`data\`. A refusal is \`{"error": {"code", "message", "details"}, "meta"}\` with a 4xx or 5xx status; \`details.field\`
names the field at fault. Instants are ISO 8601.`;

function operationText(title: string, operation: Operation, answers: Map<string, string>): string[] {
  const { summary, description, parameters, requestBody, responses } = operation;
  const text = [`### ${title}`, `${summary}.${description === undefined ? '' : ` ${description}`}`];
  if (parameters.length > 0) {
    const rows = parameters.map(({ name, in: place, required = false, schema }) => [
      `\`${name}\``,
      place,
      ...meaning(schema, required),
    ]);
    text.push(table(['Parameter', 'In', 'Type', 'Default', 'Notes'], rows));
  }
  for (const [type, { schema }] of Object.entries(requestBody?.content ?? {})) {
    if (schema) text.push(`Body (\`${type}\`):`, fieldTable(schema, ['Type', 'Default', 'Notes']));
  }
  for (const [status, { content }] of Object.entries(responses)) {
    const data = content?.['application/json']?.schema?.properties?.data;
    if (data) text.push(...answerText(title, status, data, answers));
  }
  return text;
}

/** The same answer is described where it first comes. */
function answerText(title: string, status: string, data: Schema, answers: Map<string, string>): string[] {
  const item = data.items ?? data;
  const what = data.items ? `a list in \`data\`, each with` : '`data` with';
  const key = JSON.stringify(item.properties);
  const first = answers.get(key);
  if (first !== undefined) return [`Answers ${status}: ${what} the fields of ${first}.`];
  answers.set(key, `\`${title}\` (${status})`);
  return [`Answers ${status}: ${what}`, fieldTable(item, ['Type'])];
}

function fieldTable({ properties = {}, required = [] }: Schema, columns: readonly string[]): string {
  const rows = fieldRows(properties, required, '').map((cells) => cells.slice(0, columns.length + 1));
  return table(['Field', ...columns], rows);
}

function fieldRows(fields: Readonly<Record<string, Schema>>, required: readonly string[], parent: string): string[][] {
  return Object.entries(fields).flatMap(([name, schema]) => {
    const path = parent + name;
    const own = [`\`${path}\``, ...meaning(schema, required.includes(name))];
    const { items } = schema;
    return items?.properties ? [own, ...fieldRows(items.properties, items.required ?? [], `${path}[].`)] : [own];
  });
}

/** Type, default and what else is known. */
function meaning(schema: Schema, required: boolean): string[] {
  const fallback =
    schema.default !== undefined ? `\`${JSON.stringify(schema.default)}\`` : required ? 'required' : 'optional';
  return [typeOf(schema), fallback, [schema.description ?? '', bounds(schema)].filter(Boolean).join(' ')];
}

function typeOf(schema: Schema): string {
  const { anyOf, type, format, items } = schema;
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (anyOf) return [...new Set(anyOf.map(typeOf))].join(' or ');
  if (items) return `list of ${items.properties ? 'objects' : typeOf(items)}`;
  if (Array.isArray(type)) return type.join(' or ');
  const { additionalProperties: values } = schema;
  if (type === 'object' && typeof values === 'object') return `object of ${typeOf(values)}`;
  return format ?? type ?? 'any';
}

function bounds(schema: Schema): string {
  const { minimum, maximum, maxLength, maxItems, items, anyOf } = schema;
  const low = minimum !== undefined && minimum > -UNBOUNDED ? `at least ${minimum}` : '';
  const high = maximum !== undefined && maximum < UNBOUNDED ? `at most ${maximum}` : '';
  const length = maxLength === undefined ? '' : `at most ${maxLength} characters`;
  const count = maxItems === undefined ? '' : `at most ${maxItems} of them`;
  const own = [low, high, length, count].filter(Boolean).join(', ');
  if (own !== '') return own;
  if (items && !items.properties) return bounds(items);
  return [...new Set((anyOf ?? []).map(bounds))].filter(Boolean).join('; ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../docs/api.md', import.meta.url), apiPage(await readDescription()));
}
