/** Validation of requests. A message about a fault stays short, whatever was sent. */
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { shortened } from '../../domain/contacts/bounds.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';

export type Issue = z.core.$ZodIssue;

/** More would hardly be read, and ten thousand invalid contacts would make a large response. */
export const MOST_ISSUES = 20;
const LONGEST_MESSAGE = 500;
const NO_OBJECT = 'the body must be a JSON object';

/** Bodies whose reader has already checked them against their schema. */
const checked = new WeakSet<object>();

/** Marks a body as checked, so that it is not validated twice. */
export function asChecked<T extends object>(body: T): T {
  checked.add(body);
  return body;
}

/** Validates a part of a request by the schema of its route. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart }) =>
  (data: unknown) => {
    if (typeof data === 'object' && data !== null && checked.has(data)) return { value: data };
    const read = schema.safeParse(data);
    if (read.success) return { value: read.data };
    // A malformed id names nothing.
    if (httpPart === 'params') {
      const field = fieldName(read.error.issues[0]?.path ?? []);
      return { error: new RingfenceError('not_found', 'There is no such id.', { field }) };
    }
    return { error: validationError(httpPart === 'headers' ? read.error.issues.map(asHeader) : read.error.issues) };
  };

/** The error for these issues: it names the field of the first and lists up to `MOST_ISSUES` of them. */
export function validationError(found: readonly Issue[]): RingfenceError {
  const issues = found.slice(0, MOST_ISSUES).map(describeIssue);
  const [first] = issues;
  return new RingfenceError('validation_error', first?.message ?? 'The request is not valid.', {
    field: first?.field ?? WHOLE_BODY,
    details: { issues },
  });
}

/** The field name for the body as a whole. */
export const WHOLE_BODY = 'body';

/** Node.js gives header names in lower case; documents and people write `X-Idempotency-Key`. */
function asHeader(issue: Issue): Issue {
  const path = issue.path.map((part) => String(part).replaceAll(/(?<=^|-)[a-z]/g, (letter) => letter.toUpperCase()));
  return { ...issue, path };
}

function describeIssue(issue: Issue): { readonly field: string; readonly message: string } {
  const field = fieldName(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const unknown = fieldName([...issue.path, issue.keys[0] ?? '']);
    const message = `unknown field ${unknown}: correct its spelling or leave it out`;
    // A change says that a field which the campaign has cannot be changed.
    const isOwn = issue.path.length === 0 && !issue.message.startsWith('Unrecognized');
    return { field: unknown, message: isOwn ? issue.message.slice(0, LONGEST_MESSAGE) : message };
  }
  const message = (issue.code === 'invalid_key' && issue.issues[0]?.message) || issue.message;
  if (field === '') {
    const whole = issue.code === 'invalid_type' && !message.startsWith('the body') ? NO_OBJECT : message;
    return { field: WHOLE_BODY, message: whole };
  }
  const own = String(issue.path.at(-1) ?? '');
  const whole = message.startsWith(own) ? message : `${field}: ${message}`;
  return { field, message: whole.slice(0, LONGEST_MESSAGE) };
}

/** `contacts[3].phone_number`, as the caller would write it. */
export function fieldName(path: readonly PropertyKey[]): string {
  const parts = path.map((part, index) => {
    if (typeof part === 'number') return `[${part}]`;
    return index === 0 ? shortened(String(part)) : `.${shortened(String(part))}`;
  });
  return shortened(parts.join(''));
}
