/** Those who create the campaigns of a run and give them orders, on the plan's schedule. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { counted } from '../../domain/engine/counted.ts';
import { Uuid } from '../../domain/engine/ids.ts';
import { type Api, type Asked, ask, isTrouble } from './api.ts';
import type { Order, PlannedCampaign } from './campaigns.ts';
import { giveContactOrder } from './contact-orders.ts';
import { type Doors, knock } from './doors.ts';
import { type CampaignNotes, newNotes, noteAnswer, noteEdit, noteOrder } from './notes.ts';

export interface Operation extends Doors {
  readonly seed: string;
  /** Epoch milliseconds from which the plan's instants count. */
  readonly begin: number;
  readonly say: (line: string) => void;
  /** Told about each campaign once it is known to be recorded. */
  readonly onCreated: (notes: CampaignNotes) => void;
}

const AGAIN_AFTER_MS = 300;
/** Longer than any part stays away after it was killed. */
const PATIENCE_MS = 15_000;
const FOLDER_WITHIN_MS = 120_000;
const WithId = z.object({ id: Uuid });

/** Creates a campaign at its time and gives it its orders one after the other. */
export async function operate(operation: Operation, planned: PlannedCampaign): Promise<void> {
  await until(operation.begin + planned.at);
  const notes = await create(operation, planned);
  if (!notes) return;
  operation.onCreated(notes);
  for (const order of planned.orders) {
    await until(operation.begin + order.at);
    await give(operation, notes, order);
  }
}

/** However often it has to be sent, one key makes one campaign. @returns null when it came too late for its own end. */
async function create(operation: Operation, { label, body, folder }: PlannedCampaign): Promise<CampaignNotes | null> {
  const { api, seed, say } = operation;
  const folderId = folder ? await fillFolder(operation, label, body.contacts ?? []) : null;
  const sent =
    folderId === null ? body : { ...body, contacts: undefined, contact_source: 'folder', contact_folder_id: folderId };
  const headers = { 'X-Idempotency-Key': `chaos-${seed}-${label.replaceAll(' ', '-')}` };
  const { status, data } = await insist(api, { body: sent, headers });
  if (status !== 201) {
    if (body.ends_at != null && Date.parse(body.ends_at) < Date.now()) return null;
    throw new Error(`"${label}" was refused: ${status} ${JSON.stringify(data)}`);
  }
  const { id } = WithId.parse(data);
  say(
    `"${label}" is campaign ${id}, ${counted(body.contacts?.length ?? 0, 'contact')}${folderId === null ? '' : ' of a folder'}`,
  );
  return newNotes({ id, label, body });
}

/** @returns the folder; null where it could not be filled in time, and the campaign does without. */
async function fillFolder({ api, say }: Operation, label: string, people: readonly object[]): Promise<string | null> {
  const giveUpAt = Date.now() + FOLDER_WITHIN_MS;
  // A folder whose answer was lost stays behind: the next one needs another name.
  for (let n = 1; Date.now() < giveUpAt; n += 1) {
    const made = await ask(api, 'POST', '/contacts/folders', { body: { name: `${label} ${n}` } });
    const folder = made.status === 201 ? WithId.parse(made.data).id : null;
    let added = folder === null ? 0 : people.length;
    for (const person of folder === null ? [] : people) {
      const { status } = await ask(api, 'POST', '/contacts', { body: { ...person, folder_id: folder } });
      // 409: it is there already, by a request whose answer was lost.
      if (status !== 201 && status !== 200 && status !== 409) {
        added = 0;
        break;
      }
    }
    if (added > 0) return folder;
    await pause(AGAIN_AFTER_MS);
  }
  say(`"${label}": no folder, its people go with the campaign`);
  return null;
}

/** Asks until there is an answer for good. */
async function insist(
  api: Api,
  request: { readonly body: unknown; readonly headers: Readonly<Record<string, string>> },
): Promise<Asked> {
  for (;;) {
    const asked = await ask(api, 'POST', '/batch-calls', request);
    // 409: the gateway that was asked first is still at it, or holds what it takes.
    if (!isTrouble(asked) && asked.status !== 429 && asked.status !== 409) return asked;
    await pause(AGAIN_AFTER_MS);
  }
}

async function give(operation: Operation, notes: CampaignNotes, order: Order): Promise<void> {
  if (order.together) {
    await Promise.all(Array.from({ length: order.times }, () => giveUntilTaken(operation, notes, order)));
  } else {
    for (let n = 0; n < order.times; n += 1) await giveUntilTaken(operation, notes, order);
  }
}

/** Gives an order, and gives it again for a while if there is trouble. Each time is noted by itself. */
async function giveUntilTaken(operation: Operation, notes: CampaignNotes, order: Order): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  let asked = await giveOnce(operation, notes, order);
  while (isTrouble(asked) && Date.now() < giveUpAt) {
    await pause(AGAIN_AFTER_MS);
    asked = await giveOnce(operation, notes, order);
  }
  const took = asked.answeredAt - asked.sentAt;
  operation.say(`${order.kind} "${notes.label}" (${order.door}): ${asked.status ?? 'no answer'} after ${took} ms`);
}

async function giveOnce(operation: Operation, notes: CampaignNotes, order: Order): Promise<Asked> {
  if (order.kind === 'edit') {
    const asked = await knock(operation, notes.id, order);
    noteEdit(notes, order.change, asked);
    return asked;
  }
  if (order.kind === 'add' || order.kind === 'remove' || order.kind === 'call-at') {
    return giveContactOrder(operation, notes, order);
  }
  const noted = noteOrder(notes, order.kind, Date.now());
  const asked = await knock(operation, notes.id, order);
  noteAnswer(notes, noted, asked);
  return asked;
}

async function until(at: number): Promise<void> {
  const ms = at - Date.now();
  if (ms > 0) await pause(ms);
}
