/**
 * Every id that Ringfence makes is built here, from plain strings and numbers only, so that the module also runs inside
 * the workflow sandbox. Nothing personal may enter an id: ids stand in workflow ids, histories and logs.
 *
 * A UUID has one form here: small letters, with hyphens. PostgreSQL takes others for the same value (capitals, braces, no
 * hyphens), but workflow ids, call ids and idempotency keys are compared as text: two forms of one id would be two
 * workflows of one campaign and two calls to one person. Capitals are put right where an id comes in and again where an id
 * is made of it; every other form is refused.
 */
import { z } from 'zod';
import { RingfenceError } from './errors.ts';

/** An id as somebody states it, read in its one form. */
export const uuid = (message?: string) => z.guid(message).toLowerCase();
export const Uuid = uuid();

/**
 * The one form of an id.
 * @throws RingfenceError `validation_error` when the text is no UUID with hyphens
 */
export function canonicalId(id: string): string {
  const read = Uuid.safeParse(id);
  if (read.success) return read.data;
  throw new RingfenceError('validation_error', 'An id must be a UUID with hyphens, as the API answers it.', {
    field: 'id',
  });
}

/** Where a call stands in its campaign: the contact's number in the campaign's roster (from 1) and the attempt (from 1). */
export interface CallAddress {
  readonly campaignId: string;
  readonly seq: number;
  readonly attempt: number;
}

/**
 * The id of one attempt at one contact, and at the same time the idempotency key of every try of it at the provider.
 * It is a function of the address, so a worker that died, a reset workflow or a second worker all arrive at the same key.
 */
export function callId({ campaignId, seq, attempt }: CallAddress): string {
  return `${canonicalId(campaignId)}.${seq}.${attempt}`;
}

const CALL_ID = /^(?<campaignId>[^.]{36})\.(?<seq>[1-9]\d{0,8})\.(?<attempt>[1-9]\d{0,2})$/;

/** The address inside a call id, or null when the text is not one of ours. A provider may give an id back in capitals. */
export function parseCallId(id: string): CallAddress | null {
  const groups = CALL_ID.exec(id)?.groups;
  const campaignId = Uuid.safeParse(groups?.campaignId);
  if (!groups || !campaignId.success) return null;
  return { campaignId: campaignId.data, seq: Number(groups.seq), attempt: Number(groups.attempt) };
}

/** The one form of a call id that was stated or given back, or null when it is not one of ours. */
export function canonicalCallId(id: string): string | null {
  const address = parseCallId(id);
  return address && callId(address);
}

/** A call id as somebody states it, read in its one form. */
export const CallId = z
  .string()
  .max(120)
  .refine((id) => parseCallId(id) !== null)
  .overwrite((id) => canonicalCallId(id) ?? id);

/** The workflow id of a campaign. */
export function workflowId(campaignId: string): string {
  return `campaign-${canonicalId(campaignId)}`;
}
