/** Schemas as tables of Markdown. */
import type { Operation, Schema } from './description.ts';
import { markdownTable } from '../markdown-table.ts';

interface FieldRow {
  readonly name: string;
  readonly type: string;
  readonly fallback: string;
  readonly meaning: string;
  readonly bounds: string;
}

export function parameterTable(parameters: Operation['parameters']): string {
  const rows = parameters.map(({ name, in: place, required = false, schema, description }) => {
    const { type, fallback, bounds } = fieldRow(name, schema, required);
    return [`\`${name}\``, place, type, fallback, joined(description, bounds)];
  });
  return markdownTable(['Parameter', 'In', 'Type', 'Default', 'Notes'], rows);
}

/** What a client may send. */
export function inputTable({ properties = {}, required = [] }: Schema): string {
  const rows = fieldRows(properties, required, '');
  return markdownTable(
    ['Field', 'Type', 'Default', 'Notes'],
    rows.map(({ name, type, fallback, meaning, bounds }) => [name, type, fallback, joined(meaning, bounds)]),
  );
}

/** What a client is told. */
export function outputTable({ properties = {} }: Schema): string {
  const rows = fieldRows(properties, [], '');
  const withNotes = rows.some(({ meaning }) => meaning !== '');
  return markdownTable(
    ['Field', 'Type', ...(withNotes ? ['Notes'] : [])],
    rows.map(({ name, type, meaning }) => [name, type, ...(withNotes ? [meaning] : [])]),
  );
}

function fieldRows(fields: Readonly<Record<string, Schema>>, required: readonly string[], parent: string): FieldRow[] {
  return Object.entries(fields).flatMap(([name, schema]) => {
    const path = parent + name;
    const { items, properties } = schema.anyOf?.find((one) => one.items?.properties) ?? schema;
    const inner = items?.properties ? { ...items, path: `${path}[].` } : { ...schema, path: `${path}.` };
    const isObject = items?.properties !== undefined || properties !== undefined;
    const rows = isObject ? fieldRows(inner.properties ?? {}, inner.required ?? [], inner.path) : [];
    return [fieldRow(path, schema, required.includes(name)), ...rows];
  });
}

function fieldRow(name: string, schema: Schema, required: boolean): FieldRow {
  const fallback =
    schema.default !== undefined ? `\`${JSON.stringify(schema.default)}\`` : required ? 'required' : 'optional';
  return {
    name: `\`${name}\``,
    type: typeOf(schema),
    fallback,
    meaning: schema.description ?? '',
    bounds: sentence(bounds(schema)),
  };
}

function joined(...texts: (string | undefined)[]): string {
  return texts.filter((text) => text !== undefined && text !== '').join(' ');
}

function sentence(text: string): string {
  return text === '' ? '' : `${text[0]!.toUpperCase()}${text.slice(1)}.`;
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
  const low = minimum === undefined ? '' : `at least ${minimum}`;
  const high = maximum === undefined ? '' : `at most ${maximum}`;
  const length = maxLength === undefined ? '' : `at most ${maxLength} characters`;
  const count = maxItems === undefined ? '' : `at most ${maxItems} items`;
  const own = [low, high, length, count].filter(Boolean).join(', ');
  if (own !== '') return own;
  if (items && !items.properties) return bounds(items);
  return [...new Set((anyOf ?? []).map(bounds))].filter(Boolean).join('; ');
}
