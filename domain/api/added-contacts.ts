/** Contacts that are added to a recorded campaign and taken out of it. */
import { z } from 'zod';
import { instantInput } from '../contacts/instants.ts';
import { namesOf } from '../contacts/bounds.ts';
import { Uuid } from '../engine/ids.ts';
import { BUCKETS } from '../engine/tally.ts';
import { Fields, unreadContacts } from './campaign-request.ts';

const count = z.int().min(0);

const shape = {
  contacts: Fields.shape.contacts.describe('The contacts. People who are in the campaign already are not added again.'),
  contact_ids: Fields.shape.contact_ids,
};
const terms = {
  error: (issue: { readonly code?: string; readonly keys?: readonly string[] }) =>
    issue.code === 'unrecognized_keys'
      ? `unknown field ${namesOf(issue.keys ?? [])}: correct its spelling or leave it out`
      : 'the body must be a JSON object with contacts or contact_ids',
};

/** The body of `POST /batch-calls/{id}/contacts`. */
export const AddContacts = z.strictObject(shape, terms).superRefine(checkAny);
export type AddContacts = z.infer<typeof AddContacts>;
/** The input of a client. */
export type AddContactsInput = z.input<typeof AddContacts>;

/** The same body before its contacts are read. */
export const AddContactsHead = z.strictObject({ ...shape, ...unreadContacts }, terms).superRefine(checkAny);

function checkAny(
  { contacts, contact_ids }: { readonly contacts: readonly unknown[]; readonly contact_ids: readonly string[] },
  context: z.RefinementCtx,
): void {
  if (contacts.length + contact_ids.length > 0) return;
  context.addIssue({ code: 'custom', path: ['contacts'], message: 'contacts is empty: give contacts or contact_ids' });
}

export const AddedContacts = z.object({
  id: Uuid,
  added: count.describe('Contacts that the campaign has now and did not have before.'),
  already_there: count.describe(
    'Contacts of the request that the campaign had before, or that the request names more than once. A contact that was taken out counts too, and stays out.',
  ),
  total_contacts: count,
});
export type AddedContacts = z.infer<typeof AddedContacts>;

/** The body of `POST /batch-calls/{id}/contacts/{contact_id}/call-at`. */
export const CallAt = z.strictObject({
  at: instantInput('at').describe('The time of the next call, with Z or an offset. A past time means at once.'),
});

export const MovedCall = z.object({
  id: Uuid,
  contact_id: Uuid,
  call_status: z.enum(BUCKETS),
  attempt: z.int().describe('The attempt that is placed then.'),
  not_before: z.iso.datetime(),
});
export type MovedCall = z.infer<typeof MovedCall>;

export const RemovedContact = z.object({
  id: Uuid,
  contact_id: Uuid,
  call_status: z.literal('skipped'),
  reason: z.literal('removed'),
});
export type RemovedContact = z.infer<typeof RemovedContact>;
