/** The routes that a gateway really has and what they take, as its own description tells: no table that a new one escapes. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { Schema } from '../../../scripts/api-docs/description.ts';

const Description = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        parameters: z
          .array(z.object({ name: z.string(), in: z.enum(['path', 'query', 'header']), schema: Schema }))
          .default([]),
        requestBody: z.object({ content: z.record(z.string(), z.object({ schema: Schema.optional() })) }).optional(),
        security: z.array(z.unknown()).default([]),
      }),
    ),
  ),
});

export interface Field {
  /** From the body's root: `['contacts', 0, 'first_name']`. */
  readonly path: readonly (string | number)[];
  readonly isId: boolean;
  /** Whether it is not a value but the name of one, chosen by the caller. */
  readonly isName: boolean;
}

export interface Operation {
  /** `POST /api/public/v1/batch-calls` */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** `/api/public/v1/batch-calls/{id}` */
  readonly path: string;
  readonly needsKey: boolean;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: 'path' | 'query' | 'header';
    readonly isId: boolean;
  }[];
  /** The texts that its JSON body may hold; null where it takes none. */
  readonly textFields: readonly Field[] | null;
  /** All fields of its JSON body, without those inside of others. */
  readonly fields: readonly string[];
}

export async function operationsOf(app: FastifyInstance): Promise<Operation[]> {
  const { paths } = Description.parse((await app.inject({ url: '/openapi.json' })).json());
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([verb, { parameters, requestBody, security }]) => {
      const method = verb.toUpperCase() as Operation['method'];
      const body = requestBody?.content['application/json']?.schema;
      return {
        name: `${method} ${path}`,
        method,
        path,
        needsKey: security.length > 0,
        parameters: parameters.map(({ name, in: place, schema }) => ({ name, in: place, isId: isId(schema) })),
        // What stands in a webhook is the provider's affair: it is looked at when its signature is right.
        textFields: body && security.length > 0 ? textFields(body) : null,
        fields: Object.keys(body?.properties ?? {}),
      };
    }),
  );
}

/** A path with its parameters filled in, each encoded. */
export function filled({ path }: Operation, values: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`this test does not know what to put for {${name}} in ${path}`);
    return encodeURIComponent(value);
  });
}

/** A body with one text put in its place; lists and objects on the way are made. */
export function withText(body: object, { path, isName }: Field, text: string): object {
  const root = structuredClone(body) as Record<string | number, unknown>;
  let place = root;
  for (const [index, step] of path.slice(0, -1).entries()) {
    place[step] ??= typeof path[index + 1] === 'number' ? [] : {};
    place = place[step] as Record<string | number, unknown>;
  }
  place[path.at(-1)!] = isName ? { [text]: 'value' } : text;
  return root;
}

/** As the gateway names it in a refusal: `contacts[0].first_name`. */
export function fieldName({ path }: Pick<Field, 'path'>): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');
}

function isId({ format, anyOf }: Schema): boolean {
  return format === 'uuid' || (anyOf ?? []).some(isId);
}

function textFields(schema: Schema, path: Field['path'] = []): Field[] {
  const inside = [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => textFields(inner, [...path, name])),
    ...(schema.items ? textFields(schema.items, [...path, 0]) : []),
    ...(schema.anyOf ?? []).flatMap((inner) => textFields(inner, path)),
  ];
  if (typeof schema.additionalProperties === 'object') {
    inside.push(...textFields(schema.additionalProperties, [...path, 'field']), { path, isId: false, isName: true });
  }
  return [schema.type].flat().includes('string') ? [...inside, { path, isId: isId(schema), isName: false }] : inside;
}
