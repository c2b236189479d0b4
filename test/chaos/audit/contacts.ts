import { counted } from '../../../domain/engine/counted.ts';
import { callId } from '../../../domain/engine/ids.ts';
import { isForbidden } from '../limits.ts';
import type { CampaignEvidence, RecordedContact } from './evidence.ts';
import { clock, type Finding } from './finding.ts';
import { certainPeople, possiblePeople } from './people.ts';

const TERMINAL = ['completed', 'failed', 'skipped'];
const REACHED = ['completed', 'voicemail'];
/** Of people whose number the connection does not allow. */
const NOT_ALLOWED = 'country_not_allowed';
const SKIPPED_FOR = ['suppressed', 'expired', 'cancelled', 'invalid', 'removed'];

/** P9: each contact is there, in one terminal bucket, for a reason that agrees with its last call. */
export function* contactsWithoutEnd(evidence: CampaignEvidence): Generator<Finding> {
  const { notes, contacts, record, calls, accepted } = evidence;
  const problem = problemOfRoster(evidence);
  if (problem !== null) yield { promise: 'P9', text: problem };
  for (const [bucket, recorded] of Object.entries(record.buckets)) {
    const there = contacts.filter((contact) => contact.bucket === bucket).length;
    if (there !== recorded)
      yield {
        promise: 'P8',
        text: `${counted(there, 'contact is', 'contacts are')} ${bucket}, and the count says ${recorded}`,
      };
  }
  const records = new Map(calls.map((call) => [call.id, call]));
  const keys = new Set(accepted.map(({ key }) => key));
  for (const contact of contacts) {
    const key = callId({ campaignId: notes.id, seq: contact.seq, attempt: contact.attempt });
    const wrong = problemOf(contact, records.get(key)?.outcome ?? null, keys.has(key));
    if (wrong !== null) yield { promise: 'P9', text: `${key}: "${contact.bucket}" for "${contact.reason}", ${wrong}` };
  }
  for (const { id, not_placed_reason } of calls) {
    if (not_placed_reason !== null && keys.has(id)) {
      yield {
        promise: 'P9',
        text: `${id} is recorded as not placed (${not_placed_reason}), and the provider accepted it`,
      };
    }
  }
  for (const key of keys) {
    if (!records.has(key)) yield { promise: 'P9', text: `${key} was accepted and is not recorded` };
  }
}

/** Everybody who is in the campaign for sure has one row, and nobody else has but those who may have been added. */
function problemOfRoster({ notes, contacts, record }: CampaignEvidence): string | null {
  const certain = certainPeople(notes);
  const possible = possiblePeople(notes);
  const rows = new Map(contacts.map((contact) => [contact.phone_number, contact]));
  const named = counted(certain.size, 'contact is', 'contacts are');
  const most = possible.size === certain.size ? '' : `, at most ${possible.size}`;
  const count = contacts.length;
  if (count !== record.total)
    return `${counted(count, 'contact is', 'contacts are')} recorded, and the total is ${record.total}`;
  if (count < certain.size || count > possible.size) return `${count} of ${named} recorded${most}`;
  if (rows.size < count) return `${count - rows.size} of ${counted(count, 'contact', 'contacts')} are there twice`;
  // The run gives some people another number: each of these stands for one who is missing.
  const others = contacts.filter(({ phone_number }) => isForbidden(phone_number)).length;
  const missing = [...certain.keys()].filter((number) => !rows.has(number)).length;
  if (missing > others) return `${missing - others} of ${named} not recorded`;
  const strangers = contacts.filter(({ phone_number }) => !possible.has(phone_number) && !isForbidden(phone_number));
  return strangers.length === 0 ? null : `${counted(strangers.length, 'contact', 'contacts')} of nobody's are recorded`;
}

/** P8: in a lull, too, the counters are those of the contacts. */
export function* miscounted({ lulls }: CampaignEvidence): Generator<Finding> {
  for (const { to, miscounted: texts } of lulls) {
    for (const text of texts) yield { promise: 'P8', at: to, text: `at ${clock(to)} ${text}` };
  }
}

function problemOf(
  { bucket, reason, phone_number }: RecordedContact,
  outcome: string | null,
  called: boolean,
): string | null {
  if (!TERMINAL.includes(bucket)) return 'which is no end';
  if (reason === null) return 'without a reason';
  if (bucket === 'skipped') {
    const isAllowed = SKIPPED_FOR.includes(reason) || (reason === NOT_ALLOWED && isForbidden(phone_number));
    if (!isAllowed) return 'which is no reason to skip';
    return called ? 'and this attempt was accepted' : null;
  }
  if (bucket === 'completed' && !called) return 'and was never called';
  if (called && outcome !== reason) return `and the call stands as "${outcome}"`;
  if (called && (bucket === 'completed') !== REACHED.includes(reason)) return 'which does not go together';
  return null;
}
