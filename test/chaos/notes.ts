/** What the operators of a run have noted about each of their campaigns: the acknowledgements that the audit goes by. */
import { z } from 'zod';
import type { CreateCampaignInput } from '../../domain/api/campaign-request.ts';
import type { Asked } from './api.ts';
import type { People } from './campaigns.ts';

/** A pause that was acknowledged. Instants are epoch milliseconds. */
export interface NotedPause {
  readonly acknowledgedAt: number;
  /** When the next resume was sent; Infinity when there was none. */
  resumedAt: number;
  /** Ids of the calls that were live. */
  readonly live: readonly string[];
  /** Ids of the calls that might be. */
  readonly unknown: readonly string[];
  /** When the campaign says that nothing was being placed any more. */
  readonly pausedAt: number;
}

/** An order, whatever became of it. */
export interface NotedOrder {
  readonly kind: 'pause' | 'resume' | 'cancel' | 'restart';
  readonly sentAt: number;
  /** Infinity while there is no answer. */
  answeredAt: number;
  /** `unknown`: it may be carried out at any time from `sentAt` on. */
  taken: 'yes' | 'no' | 'unknown';
}

export interface NotedEdit {
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly taken: 'yes' | 'no' | 'unknown';
  readonly change: Readonly<Record<string, unknown>>;
}

/** A workflow that was ended from outside. */
export interface NotedTermination {
  readonly at: number;
  /** When it began to be started again; Infinity while it was not. */
  restartedAt: number;
}

interface Answered {
  readonly sentAt: number;
  /** Infinity while there is no answer. */
  answeredAt: number;
  taken: NotedOrder['taken'];
}

export interface NotedAddition extends Answered {
  readonly people: People;
}

export interface NotedRemoval extends Answered {
  readonly contactId: string;
  readonly phoneNumber: string;
}

export interface NotedCallback extends Answered {
  readonly phoneNumber: string;
  /** No call before this instant. */
  readonly callAt: number;
}

export interface CampaignNotes {
  readonly id: string;
  readonly label: string;
  readonly body: CreateCampaignInput;
  readonly pauses: NotedPause[];
  readonly orders: NotedOrder[];
  readonly edits: NotedEdit[];
  readonly additions: NotedAddition[];
  readonly removals: NotedRemoval[];
  readonly callbacks: NotedCallback[];
  readonly terminations: NotedTermination[];
  /** Instants at which its workflow was reset to an earlier point. */
  readonly resets: number[];
}

export function newNotes(campaign: Pick<CampaignNotes, 'id' | 'label' | 'body'>): CampaignNotes {
  return {
    ...campaign,
    pauses: [],
    orders: [],
    edits: [],
    additions: [],
    removals: [],
    callbacks: [],
    terminations: [],
    resets: [],
  };
}

const PauseAcknowledgement = z.object({
  paused_at: z.iso.datetime(),
  live: z.array(z.string()),
  unknown: z.array(z.string()),
});

/** To be called before an order is sent; `noteAnswer` follows. A signal has no answer. */
export function noteOrder(notes: CampaignNotes, kind: NotedOrder['kind'], sentAt: number): NotedOrder {
  const order: NotedOrder = { kind, sentAt, answeredAt: Infinity, taken: 'unknown' };
  notes.orders.push(order);
  // From the moment at which a resume is sent, calls may be placed again, whether it is answered or not.
  if (kind === 'resume') for (const pause of notes.pauses) pause.resumedAt = Math.min(pause.resumedAt, sentAt);
  return order;
}

export function noteAnswer(notes: CampaignNotes, order: NotedOrder, asked: Asked): void {
  order.answeredAt = asked.answeredAt;
  order.taken = takenBy(asked);
  if (order.kind !== 'pause' || asked.status !== 200) return;
  const read = PauseAcknowledgement.safeParse(asked.data);
  if (!read.success) return;
  const { live, unknown, paused_at } = read.data;
  const later = notes.orders.filter(({ kind, sentAt }) => kind === 'resume' && sentAt >= order.sentAt);
  notes.pauses.push({
    acknowledgedAt: asked.answeredAt,
    resumedAt: Math.min(Infinity, ...later.map(({ sentAt }) => sentAt)),
    live,
    unknown,
    pausedAt: Date.parse(paused_at),
  });
}

export function noteEdit(notes: CampaignNotes, change: NotedEdit['change'], asked: Asked): void {
  const { sentAt, answeredAt } = asked;
  notes.edits.push({ sentAt, answeredAt, change, taken: takenBy(asked) });
}

/** To be called before a change of contacts is sent; `noteContactsAnswer` follows. */
export function unanswered<T extends object>(change: T, sentAt: number): T & Answered {
  return { ...change, sentAt, answeredAt: Infinity, taken: 'unknown' };
}

export function noteContactsAnswer(noted: Answered, asked: Asked): void {
  noted.answeredAt = asked.answeredAt;
  noted.taken = takenBy(asked);
}

/** 202 says that it is kept and not yet carried out. */
function takenBy({ left, status }: Asked): NotedOrder['taken'] {
  if (!left || (status !== null && status >= 400 && status < 500)) return 'no';
  return status === 200 ? 'yes' : 'unknown';
}
