/**
 * The description of the API, as served at /openapi.json. Routes give their schemas, which are those that requests are
 * held against and answers written by; added here is what schemas cannot say: examples, refusals, headers.
 */
import { CAMPAIGN_OPERATIONS } from './campaign-examples.ts';
import { CONNECTION_OPERATIONS } from './connection-examples.ts';
import { CONTACT_OPERATIONS } from './contact-examples.ts';
import type { Described, RequestExample } from './described.ts';
import { headersOf, REFUSALS, refusalComponents } from './refusals.ts';
import { SERVICE_OPERATIONS } from './service-examples.ts';

interface Media {
  schema?: unknown;
  examples?: Record<string, { summary?: string; value: unknown }>;
}

interface Response {
  description?: string;
  content?: Record<string, Media>;
  headers?: object;
  $ref?: string;
}

interface Operation {
  operationId?: string;
  description?: string;
  parameters?: { name: string; in: string; example?: unknown }[];
  requestBody?: { required: boolean; content: Record<string, Media> };
  responses: Record<string, Response>;
  security?: unknown[];
}

/** What `@fastify/swagger` makes of the routes. */
interface RawDocument {
  components?: object;
  paths?: Record<string, Record<string, Operation>>;
}

export const INFO = {
  title: 'Ringfence',
  version: '1',
  summary: 'Outbound call campaigns within hours, concurrency limits and daily caps.',
  description:
    'Bodies are JSON unless stated otherwise. Unknown fields are refused by name. Times are ISO 8601. Every response has `meta`. A refusal is `{"error": {"code", "message", "details"}, "meta"}`: the code is stable, and the message says what to do. `details.field` names an invalid input: a field of the body (`contacts[3].phone_number`), a parameter of the path or the query, a header, `body` for the whole body, `file` for a contact file, `path` for an address that does not exist.',
  license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
};

export const TAGS = [
  { name: 'campaigns', description: 'Create and control campaigns, and read the outcomes of their contacts.' },
  { name: 'contacts', description: 'Contacts in folders, before they belong to a campaign.' },
  { name: 'connections', description: 'Accounts at carriers, through which campaigns call.' },
  { name: 'suppressions', description: 'Numbers that are never called.' },
  { name: 'webhooks', description: 'Receivers for the events of providers.' },
  { name: 'health', description: 'Health checks for operators.' },
];

/**
 * Completes the description. It is of the gateway that serves it, so the address is its own.
 * @param root where the API of campaigns and contacts stands
 * @throws Error for a route that nothing is said about here
 */
export function completeDocument<T extends object>(raw: T, root: string): T {
  const document = structuredClone(raw) as T & RawDocument;
  document.components = { ...document.components, ...refusalComponents() };
  for (const [path, operations] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(operations)) {
      const name = `${method.toUpperCase()} ${path.replace(root, '')}`;
      const described = DESCRIBED[name];
      if (!described) throw new Error(`gateway/openapi says nothing about ${name}`);
      complete(operation, described, method);
    }
  }
  trim(document.paths);
  return { ...document, servers: [{ url: '/', description: 'This gateway.' }] };
}

/** By method and path, that of the API below its root. */
export const DESCRIBED: Readonly<Record<string, Described>> = {
  ...SERVICE_OPERATIONS,
  ...CAMPAIGN_OPERATIONS,
  ...CONTACT_OPERATIONS,
  ...CONNECTION_OPERATIONS,
};

function complete(operation: Operation, described: Described, method: string): void {
  operation.operationId = described.operationId;
  // Said explicitly: these need no key.
  operation.security ??= [];
  operation.description ??= described.description ?? '';
  for (const parameter of operation.parameters ?? []) {
    const example = described.parameters?.[parameter.name] ?? exampleKey(parameter.name, described);
    if (example !== undefined) parameter.example = example;
  }
  if (described.bodies) {
    const content = Object.entries(described.bodies).map(([type, schema]) => [type, { schema }] as const);
    operation.requestBody = { required: true, content: Object.fromEntries(content) };
  }
  const examples = Object.entries(described.requests ?? {});
  for (const [type, media] of Object.entries(operation.requestBody?.content ?? {})) {
    const own = examples.filter(([, { contentType = 'application/json' }]) => contentType === type);
    media.examples = Object.fromEntries(own.map(([name, example]) => [name, shown(example)]));
  }
  operation.responses = { ...answers(operation, described), ...refusals(operation, described, method) };
}

/** Each operation has another one: the examples together are no repeats of each other. */
function exampleKey(parameter: string, { operationId }: Described): string | undefined {
  return parameter === KEY_HEADER ? `${operationId}-2026-03-18` : undefined;
}

const KEY_HEADER = 'x-idempotency-key';

function takesIdempotencyKey({ parameters = [] }: Operation): boolean {
  return parameters.some(({ name }) => name === KEY_HEADER);
}

function shown({ summary, value }: RequestExample) {
  return { summary, value };
}

function answers(operation: Operation, described: Described): Record<string, Response> {
  const { responses } = operation;
  const headers = [
    ...(needsKey(operation) ? ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'] : []),
    ...(takesIdempotencyKey(operation) ? ['Idempotency-Replayed'] : []),
  ];
  const good = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  return Object.fromEntries(
    good.map(([status, { content = {} }]) => {
      const value = described.answers[Number(status)];
      for (const media of Object.values(content)) if (value !== undefined) media.examples = { answer: { value } };
      const description = MEANING[status] ?? '';
      return [status, { description, ...(headers.length > 0 ? { headers: headersOf(headers) } : {}), content }];
    }),
  );
}

const MEANING: Readonly<Record<string, string>> = {
  200: 'Success.',
  201: 'Created.',
  202: 'Accepted, and executed later.',
};

function needsKey({ security = [] }: Operation): boolean {
  return security.length > 0;
}

/** By what an operation takes, as the gateway refuses. */
function refusals(operation: Operation, { conflict, missing }: Described, method: string): Record<string, Response> {
  const { parameters = [], requestBody } = operation;
  const withKey = needsKey(operation);
  const takesQuery = parameters.some(({ in: place }) => place !== 'path');
  const isWebhook = requestBody !== undefined && !withKey;
  const statuses = [
    ...(requestBody ? [400, 408, 413] : []),
    ...(requestBody && !isWebhook ? [415] : []),
    ...(withKey || isWebhook ? [401, 500] : []),
    ...(withKey && method !== 'get' ? [403] : []),
    ...(missing !== undefined || parameters.some(({ in: place }) => place === 'path') ? [404] : []),
    ...(conflict === undefined && !takesIdempotencyKey(operation) ? [] : [409]),
    ...((requestBody && !isWebhook) || takesQuery ? [422] : []),
    ...(withKey ? [429] : []),
    ...(withKey || isWebhook || operation.operationId === 'getReadiness' ? [503] : []),
  ];
  const own: Readonly<Record<number, string | undefined>> = { 404: missing, 409: conflict };
  return Object.fromEntries(
    statuses.map((status) => {
      const reference = { $ref: `#/components/responses/${REFUSALS[status]!.name}` };
      const description = own[status];
      // OpenAPI 3.1 lets a reference say more than what it refers to.
      return [status, description === undefined ? reference : { ...reference, description }];
    }),
  );
}

/** Takes out what only tells a validator what `format` and `type` tell a reader. */
function trim(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  if (isSchema(node)) {
    if (FORMATS.has(node.format ?? '')) delete node.pattern;
    if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum;
    if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
    if (JSON.stringify(node.propertyNames) === '{"type":"string"}') delete node.propertyNames;
  }
  for (const [key, inner] of Object.entries(node)) if (key !== 'examples' && key !== 'example') trim(inner);
}

const FORMATS = new Set(['uuid', 'date-time', 'date']);

function isSchema(node: object): node is {
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  propertyNames?: unknown;
} {
  return 'type' in node;
}
