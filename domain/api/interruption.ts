/**
 * Interrupted campaigns: the workflow ended, but the campaign did not. The workflow was terminated, failed or timed
 * out, or Temporal no longer knows it.
 *
 * A campaign is compared with its workflow every few seconds. A running workflow is in order, even under another run
 * id: a reset and a continue-as-new change it. A closed workflow interrupts the campaign immediately, because nothing
 * reopens it. "Not found" is weaker evidence, because a server that is being restored also says so for a moment. It
 * counts if it is repeated after `MISSED_TWICE_MS` for a campaign that started some time ago, and only while most other
 * workflows are found. A server that does not answer is no evidence at all.
 *
 * The next run, however it is started, ends `interrupted`: it adopts the records, and the former status holds again.
 */
import { z } from 'zod';
import { CampaignStatus } from '../engine/campaign-state.ts';
import { RingfenceError } from '../engine/errors.ts';

/** A campaign's status as it is recorded and shown: that of its workflow, or `interrupted` if it has none any more. */
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

/** The status of a campaign's workflow in Temporal. */
export type WorkflowStatus =
  | { readonly kind: 'running' }
  | { readonly kind: 'not_found' }
  | {
      readonly kind: 'closed';
      readonly as: Exclude<InterruptedReason, 'not_found'>;
      readonly code: string | null;
    };

/** A campaign that is compared with its workflow. Durations are in milliseconds. */
export interface CheckedCampaign {
  readonly status: RecordedStatus;
  readonly startedAgoMs: number;
  /** How long ago the workflow was first missed; null if it was found the last time. */
  readonly missedAgoMs: number | null;
  /** Contacts that wait or are being called. */
  readonly contactsLeft: number;
}

export type Verdict =
  | { readonly kind: 'well' }
  /** Nothing is known yet, or nothing new. */
  | { readonly kind: 'wait' }
  /** The workflow is missed for the first time. */
  | { readonly kind: 'missed' }
  /** The workflow is missed for the second time: interrupted, unless most others are missed as well. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'interrupted'; readonly reason: InterruptedReason; readonly code: string | null }
  /** The workflow ended the campaign. Only the record is missing. */
  | { readonly kind: 'over'; readonly status: 'completed' | 'cancelled' };

/** The server may need a moment to find a workflow that has just been started. */
const STARTED_FOR_MS = 60_000;
/** Time from the first "not found" to the second. */
export const MISSED_TWICE_MS = 30_000;

/** What the workflow's status means for the record. */
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

/** How many of the recently compared campaigns have no workflow in Temporal. */
export interface MissingCount {
  readonly compared: number;
  readonly missing: number;
}

const ENOUGH_TO_TELL = 5;

/** Whether so many workflows are missing that this is another Temporal server, or an emptied one. */
export function isWrongTemporal({ compared, missing }: MissingCount): boolean {
  return compared >= ENOUGH_TO_TELL && missing > compared / 2;
}

/** Whether another run would repeat calls of the ended one, because the record does not contain them. */
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

/** The reason of an interruption, as a clause. */
export function reasonInWords({
  reason,
  code,
}: {
  readonly reason: InterruptedReason;
  readonly code: string | null;
}): string {
  return code === null ? IN_WORDS[reason] : `${IN_WORDS[reason]} with ${code}`;
}

/** The remedy for an interrupted campaign. */
export function wayOut(id: string, reason: InterruptedReason | null): string {
  const cancel = `cancel it with POST /batch-calls/${id}/cancel or "campaigns cancel ${id}"`;
  if (isBehindItsWorkflow(reason)) return `C${cancel.slice(1)}.`;
  return `Restart it with POST /batch-calls/${id}/restart or "campaigns restart ${id}", or ${cancel}.`;
}

/** The refusal of anything that an interrupted campaign cannot do. */
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
