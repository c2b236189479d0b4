/** Operators who add people to a campaign, take them out and have them called at a time, while it runs. */
import { z } from 'zod';
import { type Api, type Asked, ask } from './api.ts';
import type { ContactOrder } from './campaigns.ts';
import { type CampaignNotes, noteContactsAnswer, unanswered } from './notes.ts';

/** What an order needs of the operators' work. */
interface Operation {
  readonly api: Api;
  readonly seed: string;
  /** Epoch milliseconds from which the plan's instants count. */
  readonly begin: number;
}

const PAGE = 100;
const Listed = z.array(z.object({ contact_id: z.string(), phone_number: z.string() }));

export async function giveContactOrder(
  operation: Operation,
  notes: CampaignNotes,
  order: ContactOrder,
): Promise<Asked> {
  return order.kind === 'add' ? add(operation, notes, order) : changeOne(operation, notes, order);
}

async function add(
  { api, seed }: Operation,
  notes: CampaignNotes,
  { people, keyed }: Extract<ContactOrder, { kind: 'add' }>,
): Promise<Asked> {
  const path = `/batch-calls/${notes.id}/contacts`;
  const key = `chaos-${seed}-${notes.id}-${people[0]?.phone_number ?? ''}`;
  const noted = unanswered({ people }, Date.now());
  notes.additions.push(noted);
  const asked = await ask(api, 'POST', path, {
    body: { contacts: people },
    ...(keyed ? { headers: { 'X-Idempotency-Key': key } } : {}),
  });
  noteContactsAnswer(noted, asked);
  return asked;
}

/** Nothing is asked for about a person whom the list does not have, for instance because their number was changed. */
async function changeOne(
  operation: Operation,
  notes: CampaignNotes,
  order: Exclude<ContactOrder, { kind: 'add' }>,
): Promise<Asked> {
  const { api, begin } = operation;
  const { phoneNumber } = order;
  const { found, last } = await findContact(operation, notes.id, phoneNumber);
  if (found === null) return last;
  const path = `/batch-calls/${notes.id}/contacts/${found}`;
  if (order.kind === 'remove') {
    const noted = unanswered({ contactId: found, phoneNumber }, Date.now());
    notes.removals.push(noted);
    const asked = await ask(api, 'DELETE', path);
    noteContactsAnswer(noted, asked);
    return asked;
  }
  const callAt = begin + order.callAt;
  const noted = unanswered({ phoneNumber, callAt }, Date.now());
  notes.callbacks.push(noted);
  const asked = await ask(api, 'POST', `${path}/call-at`, { body: { at: new Date(callAt).toISOString() } });
  noteContactsAnswer(noted, asked);
  return asked;
}

async function findContact(
  { api }: Operation,
  campaignId: string,
  phoneNumber: string,
): Promise<{ readonly found: string | null; readonly last: Asked }> {
  for (let cursor = ''; ;) {
    const last = await ask(api, 'GET', `/batch-calls/${campaignId}/contacts?limit=${PAGE}${cursor}`);
    const contacts = last.status === 200 ? Listed.parse(last.data) : [];
    const found = contacts.find(({ phone_number }) => phone_number === phoneNumber)?.contact_id ?? null;
    if (found !== null || last.nextCursor == null) return { found, last };
    cursor = `&cursor=${last.nextCursor}`;
  }
}
