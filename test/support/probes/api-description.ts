/** The description of the API as a test reads it: references followed, schemas ready to hold values against. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { z } from 'zod';

const Examples = z.record(z.string(), z.object({ summary: z.string().optional(), value: z.unknown() }));
const Media = z.object({ schema: z.looseObject({}), examples: Examples.default({}), example: z.unknown().optional() });
const Content = z.record(z.string(), Media);
const Response = z.object({
  description: z.string(),
  headers: z.record(z.string(), z.unknown()).default({}),
  content: Content.default({}),
});
const Parameter = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean().optional(),
  schema: z.looseObject({}),
  example: z.union([z.string(), z.number()]).optional(),
});
const Operation = z.object({
  operationId: z.string(),
  summary: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  parameters: z.array(Parameter).default([]),
  requestBody: z.object({ required: z.literal(true), content: Content }).optional(),
  responses: z.record(z.string(), Response),
  security: z.array(z.unknown()),
});
export type ApiOperation = z.infer<typeof Operation> & {
  readonly method: string;
  readonly path: string;
};

const Document = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** @throws where an operation lacks what every operation must have */
export function describedOperations(document: unknown): ApiOperation[] {
  const { paths } = Document.parse(document);
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...Operation.parse(resolved(document, operation)),
      method: method.toUpperCase(),
      path,
    })),
  );
}

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });

/** What is wrong with a value, one line each. */
export function faults(schema: object, value: unknown): string[] {
  const validate = ajv.compile(schema);
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
}

/** With every local reference replaced by what it refers to; what stands beside a reference has precedence. */
function resolved(document: unknown, node: unknown): unknown {
  if (Array.isArray(node)) return node.map((item) => resolved(document, item));
  if (typeof node !== 'object' || node === null) return node;
  const { $ref, ...own } = node as { $ref?: unknown };
  const fields = Object.fromEntries(Object.entries(own).map(([key, inner]) => [key, resolved(document, inner)]));
  if (typeof $ref !== 'string') return fields;
  const target = $ref
    .slice(2)
    .split('/')
    .reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], document);
  return { ...(resolved(document, target) as object), ...fields };
}
