/** Whatever a request holds, how much of it is read and told is bounded by its schema and not by its size. */
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ChangeCampaign } from '../../../domain/api/campaign-change.ts';
import { CreateCampaign } from '../../../domain/api/campaign-request.ts';
import { ContactInput } from '../../../domain/contacts/contact.ts';
import { ForecastRequest } from '../../../domain/forecast/request.ts';
import { SuppressionInput } from '../../../domain/api/suppressions.ts';
import { MOST_ISSUES, validationError } from '../../../gateway/http/validation.ts';
import { readDescription } from '../../../scripts/write-api-docs.ts';
import { type ApiOperation, describedOperations } from '../../support/probes/api-description.ts';

interface Schema {
  readonly type?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly maxProperties?: number;
  readonly format?: string;
  readonly enum?: readonly unknown[];
}

/** Every schema in a schema, by the way to it. */
function* schemasIn(schema: Schema, path: readonly string[] = []): Generator<readonly [string[], Schema]> {
  yield [[...path], schema];
  for (const option of schema.anyOf ?? []) yield* schemasIn(option, path);
  for (const [name, field] of Object.entries(schema.properties ?? {})) yield* schemasIn(field, [...path, name]);
  if (schema.items) yield* schemasIn(schema.items, [...path, '[]']);
  if (typeof schema.additionalProperties === 'object') yield* schemasIn(schema.additionalProperties, [...path, '{}']);
}

/** Formats that no long text fits, and that are compared from the front. */
const SHORT_FORMATS = new Set(['uuid', 'date']);

describe('the schemas of requests', () => {
  let operations: ApiOperation[];
  beforeAll(async () => {
    operations = describedOperations(await readDescription());
  });

  it('bound every list, record and text', () => {
    const unbounded = operations.flatMap(({ operationId, requestBody }) =>
      Object.entries(requestBody?.content ?? {})
        .filter(([type]) => type === 'application/json')
        .flatMap(([, { schema }]) => [...schemasIn(schema as Schema)])
        .filter(
          ([, { type, maxItems, maxLength, maxProperties, additionalProperties, format, enum: options }]) =>
            (type === 'array' && maxItems === undefined) ||
            (type === 'object' && additionalProperties !== false && maxProperties === undefined) ||
            (type === 'string' && maxLength === undefined && !options && !SHORT_FORMATS.has(format ?? '')),
        )
        .map(([path]) => `${operationId} ${path.join('.')}`),
    );
    // Its body is read by the provider's adapter.
    expect(unbounded.filter((where) => !where.startsWith('receiveEvents'))).toEqual([]);
  });
});

const BODIES = { CreateCampaign, ChangeCampaign, ForecastRequest, ContactInput, SuppressionInput };

/** The lists and records of all bodies, those in the first contact of a list included. */
const collections = Object.entries(BODIES).flatMap(([name, body]) =>
  [...schemasIn(z.toJSONSchema(body as z.ZodType, { io: 'input', unrepresentable: 'any' }) as Schema)].flatMap(
    ([path, { maxItems, maxProperties }]) => {
      const most = maxItems ?? maxProperties;
      return most === undefined ? [] : [[`${path.join('.')} of ${name}`, body, path, most] as const];
    },
  ),
);

describe('a list or a record that is too large', () => {
  it('is looked for in all bodies', () => {
    expect(collections.map(([what]) => what)).toEqual(
      expect.arrayContaining([
        'working_days of ChangeCampaign',
        'retry_on of CreateCampaign',
        'retry_delay_minutes of ChangeCampaign',
        'contacts.[].custom_fields of ForecastRequest',
        'custom_fields of ContactInput',
      ]),
    );
  });

  it.each(collections)('is refused before any of it is read: %s', (_, schema, path, most) => {
    const inner = path.at(-1)!;
    const { value, read } = counted(most + 1, path.includes('custom_fields'));
    const [outer = inner] = path;
    const body = outer === inner ? { [inner]: value } : { [outer]: [{ phone_number: '+14155550101', [inner]: value }] };
    const { error } = schema.safeParse(body);
    expect(read()).toBe(0);
    const own = error?.issues.filter((issue) => issue.path.includes(inner)) ?? [];
    expect(own).toHaveLength(1);
    expect(validationError(own).field).toContain(inner);
  });
});

/** A list or record of so many wrong values, and how many of these were read. */
function counted(size: number, isRecord: boolean): { readonly value: unknown; readonly read: () => number } {
  let read = 0;
  const target = isRecord
    ? Object.fromEntries(Array.from({ length: size }, (_, n) => [`field_${n}`, {}]))
    : Array.from({ length: size }, () => ({}));
  const value = new Proxy(target, {
    get(object, key) {
      if (typeof key === 'string' && /\d/.test(key)) read += 1;
      return Reflect.get(object, key) as unknown;
    },
  });
  return { value, read: () => read };
}

describe('what is told of a request that is wrong', () => {
  const wrong = (body: object) => validationError(CreateCampaign.safeParse(body).error!.issues);

  it('is a few issues, however many there are', () => {
    const contacts = Array.from({ length: 1_000 }, () => ({ first_name: 5 }));
    const { details, field } = wrong({ name: 'n', agent_id: 'a', contacts });
    expect(details.issues).toHaveLength(MOST_ISSUES);
    expect(field).toBe('contacts[0].phone_number');
  });

  it('is short, however long the names are that nobody knows', () => {
    const names = Array.from({ length: 1_000 }, (_, n) => [`${n}${'x'.repeat(1_000)}`, 1]);
    for (const error of [
      wrong(Object.fromEntries(names)),
      wrong({ name: 'n', agent_id: 'a', contacts: [{ phone_number: '1', custom_fields: Object.fromEntries(names) }] }),
      wrong({ name: 'n', agent_id: 'a', contacts: [{ phone_number: '1', ...Object.fromEntries(names) }] }),
    ]) {
      expect(JSON.stringify([error.message, error.field, error.details]).length).toBeLessThan(4_000);
    }
  });

  it('names a field by its whole path, whatever stands in its name', () => {
    const contacts = [{ phone_number: '+14155550101', custom_fields: { 'a/b': 'x' } }];
    const { field, message } = wrong({ name: 'n', agent_id: 'a', contacts });
    expect(field).toBe('contacts[0].custom_fields.a/b');
    expect(message).toContain('must be letters, digits and underscores');
  });
});
