/** What the operators of a run have noted about each of their campaigns: the acknowledgements that the audit goes by. */
import { z } from 'zod';
import type { CreateCampaignInput } from '../../domain/campaign-request.ts';
import type { Asked } from './api.ts';

/** A pause that was acknowledged. Instants are epoch milliseconds. */
export interface NotedPause {
  readonly acknowledgedAt: number;
  /** When the next resume was sent; Infinity when there was none. */
  resumedAt: number;
  /** Ids of the calls that were, or might be, live. */
  readonly named: readonly string[];
  /** When the campaign says that nothing was being placed any more. */
  readonly pausedAt: number;
}

export interface NotedEdit {
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly taken: 'yes' | 'no' | 'unknown';
  readonly change: Readonly<Record<string, unknown>>;
}

export interface CampaignNotes {
  readonly id: string;
  readonly label: string;
  readonly body: CreateCampaignInput;
  readonly pauses: NotedPause[];
  readonly edits: NotedEdit[];
}

const PauseAcknowledgement = z.object({
  acknowledged: z.literal(true),
  paused_at: z.iso.datetime(),
  live: z.array(z.string()),
  unknown: z.array(z.string()),
});

export function notePause(notes: CampaignNotes, asked: Asked): void {
  const read = asked.status === 200 ? PauseAcknowledgement.safeParse(asked.data) : null;
  if (!read?.success) return;
  const { live, unknown, paused_at } = read.data;
  notes.pauses.push({
    acknowledgedAt: asked.answeredAt,
    resumedAt: Infinity,
    named: [...live, ...unknown],
    pausedAt: Date.parse(paused_at),
  });
}

/** From the moment at which a resume is sent, calls may be placed again, whether it is answered or not. */
export function noteResume(notes: CampaignNotes, sentAt: number): void {
  for (const pause of notes.pauses) pause.resumedAt = Math.min(pause.resumedAt, sentAt);
}

export function noteEdit(notes: CampaignNotes, change: NotedEdit['change'], asked: Asked): void {
  const { sentAt, answeredAt, status, left } = asked;
  const refused = !left || (status !== null && status >= 400 && status < 500);
  notes.edits.push({ sentAt, answeredAt, change, taken: status === 200 ? 'yes' : refused ? 'no' : 'unknown' });
}
