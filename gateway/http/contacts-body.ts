/**
 * Bodies that contain contacts. Reading a contact takes tens of microseconds, and there may be ten thousand. They are
 * read in small groups, and reading stops once enough faults are found.
 */
import type { preValidationAsyncHookHandler } from 'fastify';
import type { z } from 'zod';
import { ContactInput } from '../../domain/contacts/contact.ts';
import './fingerprint.ts';
import { JsonBody } from './json-body.ts';
import { asChecked, type Issue, MOST_ISSUES, validationError } from './validation.ts';

/** The schema of such a body before its contacts are read. */
type Head = z.ZodType<{ readonly contacts: readonly unknown[] }>;

/** The hook of a route whose body is `head` with contacts in the place of the unknown items. */
export function readingContacts(head: Head): preValidationAsyncHookHandler {
  return async (request) => {
    if (!(request.body instanceof JsonBody)) return;
    const { read, sent } = await readContacts(request.body, head, ContactInput);
    request.sentBody = sent;
    request.body = asChecked(read);
  };
}

/** @throws RingfenceError `validation_error` */
export async function readContacts<T extends { readonly contacts: readonly unknown[] }>(
  body: JsonBody,
  head: z.ZodType<T>,
  person: z.ZodType,
): Promise<{ readonly read: object; readonly sent: unknown }> {
  const outline = await body.without('contacts');
  const checked = head.safeParse(outline);
  if (!checked.success) throw validationError(checked.error.issues);
  const contacts: unknown[] = [];
  const sent: unknown[] = [];
  const issues: Issue[] = [];
  for await (const run of body.runs('contacts')) {
    for (const item of run) {
      const contact = person.safeParse(item);
      if (contact.success) contacts.push(contact.data);
      else
        issues.push(
          ...contact.error.issues.map((issue) => ({ ...issue, path: ['contacts', sent.length, ...issue.path] })),
        );
      sent.push(item);
      if (issues.length >= MOST_ISSUES) throw validationError(issues);
    }
  }
  if (issues.length > 0) throw validationError(issues);
  const brought = (outline as { readonly contacts?: unknown }).contacts !== undefined;
  return { read: { ...checked.data, contacts }, sent: brought ? { ...(outline as object), contacts: sent } : outline };
}
