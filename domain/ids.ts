/**
 * Every id that Ringfence makes is built here, from plain strings and numbers only, so that the module also runs inside
 * the workflow sandbox. Nothing personal may enter an id: ids stand in workflow ids, histories and logs.
 */

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
  return `${campaignId}.${seq}.${attempt}`;
}

const CALL_ID = /^(?<campaignId>[0-9a-f-]{36})\.(?<seq>[1-9]\d{0,8})\.(?<attempt>[1-9]\d{0,2})$/;

/** The address inside a call id, or null when the text is not one of ours. */
export function parseCallId(id: string): CallAddress | null {
  const groups = CALL_ID.exec(id)?.groups;
  if (!groups) return null;
  return { campaignId: groups.campaignId!, seq: Number(groups.seq), attempt: Number(groups.attempt) };
}

/** The workflow id of a campaign. */
export function workflowId(campaignId: string): string {
  return `campaign-${campaignId}`;
}
