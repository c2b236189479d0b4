/**
 * Interrupted campaigns: the workflow ended, but the campaign did not. Somebody terminated the workflow, it failed, it ran
 * into a time-out, or Temporal no longer knows it.
 *
 * A campaign is compared with its workflow every few seconds. A workflow that runs is well, also under another run id: a
 * reset and a continue-as-new change it. A closed workflow interrupts the campaign at once, because nothing reopens it.
 * "Not found" is weaker evidence: a server that is being restored says so for a moment. It counts when it is said twice,
 * `MISSED_TWICE_MS` apart, of a campaign that started a while ago, and only while most other workflows are found.
 * A server that does not answer is no evidence at all.
 *
 * The next run, however it is started, ends `interrupted`: it adopts the records, and the former status holds again.
 */
import { z } from 'zod';
import { CampaignStatus } from '../engine/campaign-state.ts';
import { RingfenceError } from '../engine/errors.ts';

/** A campaign's status as it is recorded and shown: that of its workflow, or `interrupted` where it has none any more. */
export const RecordedStatus = z.enum([...CampaignStatus.options, 'interrupted']);
export type RecordedStatus = z.infer<typeof RecordedStatus>;

/**
 * - `terminated`, `failed`, `timed_out`: how the workflow was closed.
 * - `not_found`: Temporal does not know it; it was deleted, or its retention is over.
 * - `completed`, `cancelled`: the workflow says that the campaign is over, and the record says that contacts are left.
 */
export const InterruptedReason = z.enum(['terminated', 'failed', 'timed_out', 'not_found', 'completed', 'cancelled']);
export type InterruptedReason = z.infer<typeof InterruptedReason>;

export const Interruption = z.object({
  reason: InterruptedReason.describe(
    'How the workflow was closed. `not_found`: Temporal does not know the workflow. `completed` and `cancelled`: the workflow ended the campaign, but the record does not show it, for example because it was restored from a backup.',
  ),
  code: z.string().nullable().describe('The code of the failure, if there is one.'),
  since: z.iso.datetime().describe('When the interruption was detected.'),
});
export type Interruption = z.infer<typeof Interruption>;

/** What Temporal says of a campaign's workflow. */
export type WorkflowStatus =
  | { readonly kind: 'running' }
  | { readonly kind: 'not_found' }
  | {
      readonly kind: 'closed';
      readonly as: Exclude<InterruptedReason, 'not_found'>;
      readonly code: string | null;
    };

/** A campaign that is compared with its workflow. Spans are in milliseconds. */
export interface CheckedCampaign {
  readonly status: RecordedStatus;
  readonly startedAgoMs: number;
  /** How long ago the workflow was first missed; null when it was there the last time. */
  readonly missedAgoMs: number | null;
  /** Contacts that wait or are being called. */
  readonly contactsLeft: number;
}

export type Verdict =
  | { readonly kind: 'well' }
  /** Nothing is known yet, or nothing new. */
  | { readonly kind: 'wait' }
  /** It is missed for the first time. */
  | { readonly kind: 'missed' }
  /** It is missed for the second time: interrupted, unless most others are missed as well. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'interrupted'; readonly reason: InterruptedReason; readonly code: string | null }
  /** The workflow ended the campaign, and nothing is left to do but to write that down. */
  | { readonly kind: 'over'; readonly status: 'completed' | 'cancelled' };

/** The server may take a moment to find a workflow that has just been started. */
const STARTED_FOR_MS = 60_000;
/** From the first time that a workflow is not found to the second. */
export const MISSED_TWICE_MS = 30_000;

/** What follows for the record from what Temporal says. */
export function judge(campaign: CheckedCampaign, standing: WorkflowStatus): Verdict {
  switch (standing.kind) {
    case 'running':
      return { kind: 'well' };
    case 'not_found':
      if (campaign.status === 'interrupted' || campaign.startedAgoMs < STARTED_FOR_MS) return { kind: 'wait' };
      if (campaign.missedAgoMs === null) return { kind: 'missed' };
      return { kind: campaign.missedAgoMs < MISSED_TWICE_MS ? 'wait' : 'missing' };
    case 'closed': {
      if (campaign.status === 'interrupted') return { kind: 'wait' };
      const { as: reason, code } = standing;
      const ended = reason === 'completed' || reason === 'cancelled';
      if (ended && campaign.contactsLeft === 0) return { kind: 'over', status: reason };
      return { kind: 'interrupted', reason, code };
    }
  }
}

/** How many of the campaigns that were compared lately have no workflow that Temporal knows. */
export interface MissingCount {
  readonly compared: number;
  readonly missing: number;
}

const ENOUGH_TO_TELL = 5;

/** Whether so many workflows are missing at once that it is the server which is wrong or was emptied. */
export function isWrongTemporal({ compared, missing }: MissingCount): boolean {
  return compared >= ENOUGH_TO_TELL && missing > compared / 2;
}

/** Whether another run would call people whom the ended one has called, because the record does not know of them. */
export function isBehindItsWorkflow(reason: InterruptedReason | null): boolean {
  return reason === 'completed' || reason === 'cancelled';
}

const IN_WORDS: Readonly<Record<InterruptedReason, string>> = {
  terminated: 'its workflow was terminated',
  failed: 'its workflow failed',
  timed_out: 'its workflow timed out',
  not_found: 'Temporal does not know its workflow',
  completed: 'its workflow has completed it, but the record shows contacts to call',
  cancelled: 'its workflow has cancelled it, but the record shows contacts to call',
};

/** Why a campaign is interrupted, as a clause. */
export function reasonInWords({
  reason,
  code,
}: {
  readonly reason: InterruptedReason;
  readonly code: string | null;
}): string {
  return code === null ? IN_WORDS[reason] : `${IN_WORDS[reason]} with ${code}`;
}

/** What can be done about an interrupted campaign. */
export function wayOut(id: string, reason: InterruptedReason | null): string {
  const cancel = `cancel it with POST /batch-calls/${id}/cancel or "campaigns cancel ${id}"`;
  if (isBehindItsWorkflow(reason)) return `C${cancel.slice(1)}.`;
  return `Restart it with POST /batch-calls/${id}/restart or "campaigns restart ${id}", or ${cancel}.`;
}

/** The refusal of whatever an interrupted campaign cannot do. */
export function isInterrupted(
  id: string,
  { reason, code }: { readonly reason: InterruptedReason; readonly code: string | null },
): RingfenceError {
  return new RingfenceError(
    'wrong_state',
    `The campaign is interrupted: ${reasonInWords({ reason, code })}. ${wayOut(id, reason)}`,
    { details: { status: 'interrupted', reason, ...(code === null ? {} : { code }) } },
  );
}
