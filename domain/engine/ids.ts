/**
 * Every id that is made of other values is built here, from plain strings, numbers and bytes, so that the module also runs
 * inside the workflow sandbox. Elsewhere ids are only random UUIDs, or the event ids that a provider's adapter derives.
 * Nothing personal may enter an id, because ids appear in workflow ids, histories and logs.
 *
 * A UUID has one form here: lower case, with hyphens. PostgreSQL accepts other forms of the same value (capitals, braces, no
 * hyphens), but workflow ids, call ids and idempotency keys are compared as text. Two forms of one id would be two workflows
 * of one campaign, and two calls to one person. Capitals are corrected where an id comes in, and again where an id is made of
 * it; every other form is refused.
 */
import { z } from 'zod';
import { RingfenceError } from './errors.ts';

/** Parses a stated id into its canonical form. */
export const uuid = (message?: string) => z.guid(message).toLowerCase();
export const Uuid = uuid();

/**
 * The canonical form of an id.
 * @throws RingfenceError `validation_error` if the text is not a UUID with hyphens
 */
export function canonicalId(id: string): string {
  const read = Uuid.safeParse(id);
  if (read.success) return read.data;
  throw new RingfenceError('validation_error', 'An id must be a UUID with hyphens, as the API answers it.', {
    field: 'id',
  });
}

/** The address of a call: its campaign, the contact's number in the roster (from 1) and the attempt (from 1). */
export interface CallAddress {
  readonly campaignId: string;
  readonly seq: number;
  readonly attempt: number;
}

/**
 * The id of one attempt at one contact. It is also the idempotency key of every try at the provider. It is a function of the
 * address, so a restarted worker, a reset workflow and a second worker all use the same key.
 */
export function callId({ campaignId, seq, attempt }: CallAddress): string {
  return `${canonicalId(campaignId)}.${seq}.${attempt}`;
}

const CALL_ID = /^(?<campaignId>[^.]{36})\.(?<seq>[1-9]\d{0,8})\.(?<attempt>[1-9]\d{0,2})$/;

/** The address in a call id, or null if the text is not a call id. A provider may return an id in capitals. */
export function parseCallId(id: string): CallAddress | null {
  const groups = CALL_ID.exec(id)?.groups;
  const campaignId = Uuid.safeParse(groups?.campaignId);
  if (!groups || !campaignId.success) return null;
  return { campaignId: campaignId.data, seq: Number(groups.seq), attempt: Number(groups.attempt) };
}

/** The canonical form of a call id that was stated or returned. Null if the text is not a call id. */
export function canonicalCallId(id: string): string | null {
  const address = parseCallId(id);
  return address && callId(address);
}

/** Parses a stated call id into its canonical form. */
export const CallId = z
  .string()
  .max(120)
  .refine((id) => parseCallId(id) !== null)
  .overwrite((id) => canonicalCallId(id) ?? id);

/** The workflow id of a campaign. */
export function workflowId(campaignId: string): string {
  return `campaign-${canonicalId(campaignId)}`;
}

/**
 * The workflow id of the coordinator of a shared limit. Systems that share a namespace have different task queues, and may have
 * connections of the same name.
 */
export function connectionWorkflowId(limitId: string, taskQueue: string): string {
  return `connection-${limitId}@${taskQueue}`;
}

/** No connection's name contains a colon. */
const ACCOUNT_LIMIT = 'account:';

/** The id of an account's limit of calls in flight. That of a connection's limit is the connection's name. */
export function accountLimitId(account: string): string {
  return `${ACCOUNT_LIMIT}${account}`;
}

/** The account whose limit has this id. Null: it is a connection's limit. */
export function accountOfLimit(limitId: string): string | null {
  return limitId.startsWith(ACCOUNT_LIMIT) ? limitId.slice(ACCOUNT_LIMIT.length) : null;
}

/**
 * The id of a campaign whose creation named an idempotency key: a UUID of version 8. The same account and key always give
 * the same id, and so the same workflow.
 * @param digest SHA-256 of account and key
 */
export function campaignIdOfDigest(digest: Uint8Array): string {
  const bytes = [...digest.subarray(0, 16)];
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The id of the end that a look-up found, for which the provider sent no event. */
export function lookUpEventId(id: string): string {
  return `lookup:${id}`;
}

/** The id of the end that is taken from the call's own record, because no event of it is stored. */
export function recordEventId(id: string): string {
  return `record:${id}`;
}
