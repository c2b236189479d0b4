/** Those who create the campaigns of a run and give them orders, over HTTP and on the plan's schedule. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { ApiOptions } from '../../client/http-api.ts';
import { type Asked, ask, isTrouble } from './api.ts';
import type { Order, PlannedCampaign } from './campaigns.ts';
import { type CampaignNotes, noteEdit, notePause, noteResume } from './notes.ts';

export interface Operation {
  readonly api: ApiOptions;
  readonly seed: string;
  /** Epoch milliseconds from which the plan's instants count. */
  readonly begin: number;
  readonly say: (line: string) => void;
  /** Told about each campaign once it is known to be recorded. */
  readonly onCreated: (notes: CampaignNotes) => void;
}

const AGAIN_AFTER_MS = 300;
/** Longer than any part stays away. */
const PATIENCE_MS = 15_000;
const Created = z.object({ id: z.guid() });

/** Creates a campaign at its time and gives it its orders one after the other. */
export async function operate(operation: Operation, planned: PlannedCampaign): Promise<void> {
  await until(operation.begin + planned.at);
  const notes = await create(operation, planned);
  operation.onCreated(notes);
  for (const order of planned.orders) {
    await until(operation.begin + order.at);
    await give(operation, notes, order);
  }
}

/** However often it has to be sent, one key makes one campaign. */
async function create({ api, seed, say }: Operation, { label, body }: PlannedCampaign): Promise<CampaignNotes> {
  const headers = { 'X-Idempotency-Key': `chaos-${seed}-${label.replaceAll(' ', '-')}` };
  for (;;) {
    const { status, data } = await ask(api, 'POST', '/batch-calls', { body, headers });
    if (status === 201) {
      const { id } = Created.parse(data);
      say(`"${label}" is campaign ${id}, ${body.contacts?.length} contacts`);
      return { id, label, body, pauses: [], edits: [] };
    }
    if (status !== null && status < 500) throw new Error(`Campaign "${label}" was refused: ${JSON.stringify(data)}`);
    await pause(AGAIN_AFTER_MS);
  }
}

/** Gives an order, and gives it again for a while if there is trouble. Each time is noted by itself. */
async function give({ api, say }: Operation, notes: CampaignNotes, order: Order): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  let asked = await giveOnce(api, notes, order);
  while (isTrouble(asked) && Date.now() < giveUpAt) {
    await pause(AGAIN_AFTER_MS);
    asked = await giveOnce(api, notes, order);
  }
  say(`${order.kind} "${notes.label}": ${asked.status ?? 'no answer'} after ${asked.answeredAt - asked.sentAt} ms`);
}

async function giveOnce(api: ApiOptions, notes: CampaignNotes, order: Order): Promise<Asked> {
  const path = `/batch-calls/${notes.id}`;
  switch (order.kind) {
    case 'edit': {
      const asked = await ask(api, 'PATCH', path, { body: order.change });
      noteEdit(notes, order.change, asked);
      return asked;
    }
    case 'pause': {
      const asked = await ask(api, 'POST', `${path}/pause`);
      notePause(notes, asked);
      return asked;
    }
    case 'resume':
      noteResume(notes, Date.now());
      return ask(api, 'POST', `${path}/resume`);
    case 'cancel':
      return ask(api, 'POST', `${path}/cancel`);
  }
}

async function until(at: number): Promise<void> {
  const ms = at - Date.now();
  if (ms > 0) await pause(ms);
}
